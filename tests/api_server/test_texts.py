"""Texts with a form of their own are taken in that form alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api_server.api import Api, Refused
from tests.api_server.kinds import index


def tier(url: str) -> Mapping[str, Any]:
    return {"encoder": {"url": url}}


def endpoint(url: str) -> Mapping[str, Any]:
    return {"storage": {"type": "S3", "s3": {"bucket": "abc", "endpoint": url}}}


def prefix(text: str) -> Mapping[str, Any]:
    return {"storage": {"type": "S3", "s3": {"bucket": "abc", "prefix": text}}}


def beginning(uri: str) -> Mapping[str, Any]:
    return {"bootstrap": {"secret": {"name": "s3"}, "uri": uri}}


def size(text: str) -> Mapping[str, Any]:
    return {"database": {"type": "SQLite", "sqlite": {"size": text}}}


def window(text: str) -> Mapping[str, Any]:
    return {
        "autoscaling": {"max": 2, "targets": {"cpu": 50}, "windows": {"down": text}},
    }


def age(text: str) -> Mapping[str, Any]:
    return {"snapshots": {"retention": {"age": text}}}


def memory(amount: object) -> Mapping[str, Any]:
    return {"resources": {"limits": {"memory": amount}}}


def host(name: str) -> Mapping[str, Any]:
    return {"ingress": {"host": name}}


def path(text: str) -> Mapping[str, Any]:
    return {"ingress": {"host": "a.example", "path": text}}


def alias(name: str) -> Mapping[str, Any]:
    return {"aliases": [name]}


def label(value: str) -> Mapping[str, Any]:
    return {"podTemplate": {"labels": {"team": value}}}


def reload(identifier: str) -> Mapping[str, Any]:
    return {"reload": {"snapshot": identifier}}


TAKEN = [
    *(tier(url) for url in ("http://tier", "https://tier.search.svc:8001", "http://[fd00::1]:1")),
    *(prefix(text) for text in ("a", "a/b", "Team 1/ä")),
    *(beginning(uri) for uri in ("s3://abc/a", "s3://a.b-c/team/a/snapshots/7.json")),
    *(size(text) for text in ("1", "512Mi", "1.5Ti", "20G")),
    *(age(text) for text in ("0s", "90m", "7d12h", "9999d99999h999999m9999999s")),
    *(window(text) for text in ("0s", "90s", "5m30s", "1h")),
    *(memory(amount) for amount in (2, "500m", "1.5Gi", "0")),
    *(host(name) for name in ("a", "a-1.b.example", "*.example.com")),
    *(path(text) for text in ("", "/a", "/a.b/c~d_e-f")),
    *(alias(name) for name in ("a", "a" * 63, "default")),
    *(label(value) for value in ("", "a", "A.b_c-1")),
    *(reload(identifier) for identifier in ("latest", "00000000000000000012")),
]
REFUSED = [
    *(
        made(url)
        for made in (tier, endpoint)
        for url in (
            "tier:8001",
            "ftp://tier",
            "http://",
            "http://tier/path",
            "http://tier?x",
            "http://user:secret@tier",
            "http://allowed\\@tier",
            "http://tier:8001:1",
            "http://ti er",
            "http://tier\n",
        )
    ),
    *(prefix(text) for text in ("", "/a", "a/", "a//b")),
    *(beginning(uri) for uri in ("s3://abc", "s3://abc/", "s3:///a", "file:///a", "s3://u@abc/a")),
    *(size(text) for text in ("0", "0Gi", "-1Gi", "100m", "1e9", "20 Gi", "20GB")),
    *(age(text) for text in ("5", "1.5h", "12h7d", "1h1h", "99999d", "1w", "PT5M", "-5m")),
    *(window(text) for text in ("5", "1h1s", "61m", "90m", "3601s", "1d", "-5m")),
    *(memory(amount) for amount in ("-1", "1 Gi", "1GB", "")),
    *(host(name) for name in ("", "A.example", "a..b", "-a", "a.*.b", "a.example:80", "::1")),
    *(path(text) for text in ("a", "/", "/a/", "/a//b", "/..", "/a/./b", "/a?b", "/a b")),
    *(alias(name) for name in ("", "1a", "a.b", "A", "a-")),
    *(label(value) for value in ("a b", "-a", "ä")),
    *(reload(identifier) for identifier in ("", "../a", "a/b", ".a", "a b")),
]


@pytest.mark.parametrize("spec", TAKEN, ids=str)
def test_a_text_of_the_right_form_is_taken_as_it_is(api: Api, spec: Mapping[str, Any]) -> None:
    assert innermost(api.create(index(spec))["spec"], spec) == innermost(spec, spec)


@pytest.mark.parametrize("spec", REFUSED, ids=str)
def test_a_text_of_another_form_is_refused_with_its_place(
    api: Api, spec: Mapping[str, Any]
) -> None:
    with pytest.raises(Refused) as refusal:
        api.create(index(spec))
    place = ".".join(("spec", *keys(spec))).replace(".0", "[0]")
    assert f"{place}: Invalid value" in refusal.value.message


def keys(spec: Any) -> list[str]:
    """Where the text under test lies: the last entry at each level."""
    match spec:
        case dict():
            last = list(spec)[-1]
            return [last, *keys(spec[last])]
        case [first]:
            return ["0", *keys(first)]
        case _:
            return []


def innermost(found: Any, spec: Mapping[str, Any]) -> Any:
    for key in keys(spec):
        found = found[int(key) if isinstance(found, list) else key]
    return found
