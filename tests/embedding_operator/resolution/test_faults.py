"""What only the surroundings of a spec can tell: every fault, and what just passes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from embedding_indexes import DEFAULTS, POSTGRESQL, S3, SHARED, an_index, wanted
from embedding_operator.children.environment import build_environment
from embedding_operator.defaults import Defaults
from embedding_operator.reasons import Reason
from embedding_operator.resolution.faults import Fault, find_faults
from embedding_operator.resolution.resolve import resolve

DEFAULT = DEFAULTS.model_dump()


def faults_of(spec: dict[str, Any], **defaults: Any) -> list[Fault]:
    given_ = Defaults.model_validate({**DEFAULT, **defaults})
    return list(find_faults(wanted(spec, given_), resolve(an_index(spec).spec, given_), given_))


def scaled(most: int) -> dict[str, Any]:
    return {"autoscaling": {"max": most, "targets": {"inFlight": 8}}}


def s3_at(endpoint: str) -> dict[str, Any]:
    return {"type": "S3", "s3": {"bucket": "snapshots", "endpoint": endpoint}}


def from_s3_at(endpoint: str) -> dict[str, Any]:
    return {"uri": "s3://abc/t/u/1", "secret": {"name": "keys"}, "endpoint": endpoint}


def env(*names: str) -> dict[str, Any]:
    return {"podTemplate": {"env": [{"name": name, "value": ""} for name in names]}}


def annotated(name: str) -> dict[str, Any]:
    """An index that is open to everybody, with one annotation of its Ingress."""
    return {"auth": {"mode": "None"}, "ingress": {"host": "a.b", "annotations": {name: "x"}}}


POSTGRES_BY_DEFAULT = {"type": "PostgreSQL", "secret": "main"}
SHARED_VOLUME = {"type": "Volume", "volume": {"accessMode": "ReadWriteMany"}}
LAST = {"deletionPolicy": "SnapshotThenDelete"}
WAY_IN = {"ingress": {"host": "shop.example"}}

FAULTY: list[tuple[dict[str, Any], Reason, str]] = [
    ({"replicas": 2}, Reason.REPLICAS_NEED_POSTGRESQL, "2 replicas"),
    (scaled(3), Reason.REPLICAS_NEED_POSTGRESQL, "3 replicas"),
    ({"replicas": 2, "database": POSTGRESQL}, Reason.STORAGE_NOT_SHARED, "ReadWriteMany"),
    ({"database": {"type": "PostgreSQL"}}, Reason.DATABASE_MISSING, "Secret"),
    ({"storage": {"type": "S3"}}, Reason.STORAGE_MISSING, "bucket"),
    (LAST, Reason.NOT_SUPPORTED, "outlives"),
    (WAY_IN, Reason.AUTH_MISSING, "auth.mode None"),
    ({"auth": {"mode": "Keys"}}, Reason.AUTH_MISSING, "auth.secret"),
    ({"encoder": {"url": "http://evil"}}, Reason.NOT_ALLOWED, "evil"),
    ({"storage": s3_at("http://evil")}, Reason.NOT_ALLOWED, "evil"),
    ({"bootstrap": from_s3_at("http://evil")}, Reason.NOT_ALLOWED, "bootstrap.endpoint"),
    ({"podTemplate": {"priorityClassName": "high"}}, Reason.NOT_ALLOWED, "high"),
    (annotated("nginx.ingress.kubernetes.io/use-regex"), Reason.NOT_ALLOWED, "use-regex"),
    (env("ADMIN_PORT", "MINE"), Reason.NOT_ALLOWED, "env: ADMIN_PORT is"),
    (env("admin_keys_file"), Reason.NOT_ALLOWED, "admin_keys_file"),
    ({"snapshots": {"schedule": "61 * * * *"}}, Reason.SCHEDULE_INVALID, "61"),
    ({"snapshots": {"schedule": "* * * * * *"}}, Reason.SCHEDULE_INVALID, "five"),
    ({"snapshots": {"schedule": "0 0 30 2 *"}}, Reason.SCHEDULE_INVALID, "30 2"),
    (
        {"snapshots": {"schedule": "0 3 * * *", "timeZone": "Moon/Base"}},
        Reason.SCHEDULE_INVALID,
        "Moon/Base",
    ),
]


@pytest.mark.parametrize(("spec", "reason", "told"), FAULTY)
def test_each_fault_says_what_is_wrong(spec: dict[str, Any], reason: Reason, told: str) -> None:
    (fault,) = faults_of(spec)
    assert fault.reason is reason
    assert told in fault.message


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"replicas": 0},
        {**SHARED, "replicas": 3},
        {**scaled(9), **SHARED},
        {"database": POSTGRESQL, "storage": SHARED_VOLUME, "replicas": 2},
        {**scaled(1), "replicas": 5},
        {**LAST, "storage": S3},
        {**LAST, "storage": {"type": "Volume", "volume": {}}},
        {**WAY_IN, "auth": {"mode": "None"}},
        {**WAY_IN, "auth": {"secret": {"name": "keys"}}},
        {"encoder": {"url": "http://tier.embeddings.svc:9999"}},
        {"storage": {"type": "S3", "s3": {"bucket": "amazons"}}},
        env("HTTPS_PROXY"),
        {"snapshots": {"schedule": "0 3 * * *", "timeZone": "Europe/Berlin"}},
        {"snapshots": {"schedule": "0 0 29 2 *"}},
        {"snapshots": {}},
    ],
)
def test_what_can_be_done_has_no_fault(spec: dict[str, Any]) -> None:
    assert faults_of(spec) == []


@pytest.mark.parametrize(
    ("spec", "defaults"),
    [
        ({"database": {"type": "PostgreSQL"}}, {"database": POSTGRES_BY_DEFAULT}),
        ({"storage": {"type": "S3"}}, {"storage": {"s3": {"bucket": "main"}}}),
        (WAY_IN, {"auth_secret": "main"}),
        ({"encoder": {"url": "http://ok:1"}}, {"allowed": {"encoder_hosts": ["ok"]}}),
        ({"storage": s3_at("http://ok")}, {"allowed": {"s3_endpoints": ["http://ok"]}}),
        ({"bootstrap": from_s3_at("http://ok")}, {"allowed": {"s3_endpoints": ["http://ok"]}}),
        (
            {"bootstrap": from_s3_at("http://main")},
            {"storage": {"s3": {"bucket": "main", "endpoint": "http://main"}}},
        ),
        (
            {"storage": s3_at("http://main")},
            {"storage": {"s3": {"bucket": "main", "endpoint": "http://main"}}},
        ),
        (
            {"podTemplate": {"priorityClassName": "high"}},
            {"allowed": {"priority_classes": ["high"]}},
        ),
    ],
)
def test_defaults_give_what_is_missing_and_allow_what_is_foreign(
    spec: dict[str, Any], defaults: dict[str, Any]
) -> None:
    assert faults_of(spec) != []
    assert faults_of(spec, **defaults) == []


@pytest.mark.parametrize(
    ("pattern", "name", "is_allowed"),
    [
        ("example.com/owner", "example.com/owner", True),
        ("example.com/owner", "example.com/owners", False),
        ("example.com/*", "example.com/owner", True),
        ("example.com/*", "another.example.com/owner", False),
        ("*", "example.com/owner", True),
    ],
)
def test_annotations_are_allowed_by_name_or_by_what_they_begin_with(
    pattern: str, name: str, *, is_allowed: bool
) -> None:
    faults = faults_of(annotated(name), allowed={"ingress_annotations": [pattern]})
    assert [name in each.message for each in faults] == ([] if is_allowed else [True])


@pytest.mark.parametrize("pattern", ["", "a*b", "a b"])
def test_a_pattern_of_annotations_has_one_star_at_its_end(pattern: str) -> None:
    with pytest.raises(ValidationError):
        Defaults.model_validate({**DEFAULT, "allowed": {"ingress_annotations": [pattern]}})


def test_what_was_resolved_stays_allowed() -> None:
    spec: dict[str, Any] = {"encoder": {"url": "http://tier.embeddings.svc"}}
    resolved = resolve(an_index(spec).spec, DEFAULTS)
    moved = Defaults.model_validate({**DEFAULT, "encoder": {"url": "http://elsewhere"}})
    assert list(find_faults(wanted(spec, moved), resolved, moved)) == []


def test_faults_add_up_the_gravest_first() -> None:
    spec = {"replicas": 2, **WAY_IN, "snapshots": {"schedule": "a b c d e"}, **env("DEVICE")}
    assert [fault.reason for fault in faults_of(spec)] == [
        Reason.REPLICAS_NEED_POSTGRESQL,
        Reason.AUTH_MISSING,
        Reason.NOT_ALLOWED,
        Reason.SCHEDULE_INVALID,
    ]


OURS = sorted(
    name
    for spec in ({}, {**SHARED, "auth": {"secret": {"name": "k"}}}, {"encoder": {"mode": "InPod"}})
    for name in build_environment(wanted(spec))
    if not name.startswith("AWS_")  # which the API server refuses, whoever's they are
)


@settings(deadline=None)
@given(name=st.sampled_from(OURS), lower=st.booleans())
def test_a_variable_that_pods_get_anyway_is_refused(name: str, lower: bool) -> None:
    (fault,) = faults_of(env(name.lower() if lower else name))
    assert fault.reason is Reason.NOT_ALLOWED
