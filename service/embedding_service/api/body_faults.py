"""What exactly is wrong with a body: the slow road, taken after the fast one has failed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Flag, auto
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from embedding_service.api.refusals import MalformedBody
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.inference.texts import LONE_SURROGATE, MOST_ISSUES

_MOST_FAULTS = 1_000
"""That are looked at."""
_SANE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "is no field of this request",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAYBE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Escaped or as raw bytes. Without one of them there is nothing to look for."""


class Takes(Flag):
    """What a field takes, one of it or several."""

    TEXTS = auto()
    IDS = auto()


def explain(error: ValidationError, body: bytearray, takes: Mapping[str, Takes]) -> InvalidRequest:
    """What pydantic found in `body`, in words of ours.

    `takes` names the fields that are unions, of which pydantic says only that no member fits.
    """
    if error.error_count() > _MOST_FAULTS:
        return InvalidRequest(
            "the body has thousands of faults", [Issue("has thousands of faults", path="body")]
        )
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    if faults[0]["type"] == "json_invalid":
        return _explain_syntax(faults[0]["msg"], body)
    issues: list[Issue] = []
    odd: set[str] = set()
    for fault in faults:
        field = str(fault["loc"][0]) if fault["loc"] else ""
        if field not in takes or fault["type"] == "missing":
            words = _WORDS.get(fault["type"], fault["msg"])
            issues.append(Issue(words, path=_path_of(fault["loc"])))
        elif field not in odd:  # each member of the union complains by itself
            odd.add(field)
            issues += _examine(field, from_json(body)[field], takes[field])
    return _invalid(issues)


def _explain_syntax(message: str, body: bytearray) -> InvalidRequest:
    """Tell a lone surrogate by its place; the fast parser fails on it as on any bad JSON."""
    value = None
    if _MAYBE_SURROGATE.search(body):
        # The standard library's parser lets surrogates pass, escaped and (so decoded) raw ones.
        with suppress(ValueError, RecursionError):
            value = json.loads(body.decode("utf-8", "surrogatepass"))
    with suppress(RecursionError):
        places = list(islice(_places_of_surrogates(value, ""), MOST_ISSUES))
        if places:
            return _invalid([Issue(LONE_SURROGATE, path=place) for place in places])
    return MalformedBody(f"the body is no JSON: {message.removeprefix('Invalid JSON: ')}")


def _places_of_surrogates(value: Any, path: str) -> Iterator[str]:
    """Paths of texts with one, in the body's order. May recurse too deep: that is the sender's."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            if not isinstance(item, str):
                yield from _places_of_surrogates(item, f"{path}[{position}]")
            elif _SURROGATE.search(item):
                yield f"{path}[{position}]"
    elif isinstance(value, dict):
        for name, item in value.items():
            if _SURROGATE.search(name):
                yield path or "body"
            yield from _places_of_surrogates(item, _join(path, name))
    elif isinstance(value, str) and _SURROGATE.search(value):
        yield path or "body"


def _examine(name: str, value: Any, takes: Takes) -> list[Issue]:
    """What is wrong with a field: which of its items, or all of it."""
    items = value if isinstance(value, list) else []
    fits, word = _expect(items[0] if items else None, takes)
    odd = (position for position, item in enumerate(items) if not fits(item))
    if issues := [Issue(word, path=name, position=one) for one in islice(odd, MOST_ISSUES)]:
        return issues
    nouns = {Takes.TEXTS: "texts", Takes.IDS: "token ids"}
    wanted = " or ".join(noun for kind, noun in nouns.items() if kind in takes)
    return [Issue(f"must be {wanted}, one or a list", path=name)]


def _expect(first: object, takes: Takes) -> tuple[Callable[[object], bool], str]:
    """What every item should be, judged by the first, and what to say of one that is not."""
    if Takes.IDS in takes and isinstance(first, list):
        return _is_list_of_ids, "is no list of token ids"
    if Takes.IDS in takes and (_is_id(first) or Takes.TEXTS not in takes):
        return _is_id, "is no token id"
    return _is_text, "is no text"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list_of_ids(value: object) -> bool:
    return isinstance(value, list) and all(_is_id(item) for item in value)


def _invalid(issues: Sequence[Issue]) -> InvalidRequest:
    first = issues[0]
    place = first.path if first.position is None else f"{first.path}[{first.position}]"
    more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
    return InvalidRequest(f"{place}: {first.message}{more}", issues)


def _path_of(places: tuple[int | str, ...]) -> str:
    path = ""
    for place in places:
        path = f"{path}[{place}]" if isinstance(place, int) else _join(path, place)
    return path or "body"


def _join(path: str, name: str) -> str:
    """Tell a name only if it looks like one: a body turned inside out would put texts there."""
    told = name if _SANE_NAME.fullmatch(name) else "(unreadable name)"
    return f"{path}.{told}" if path else told
