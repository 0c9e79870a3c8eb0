"""What exactly is wrong with a body: the slow road, taken after the fast one has failed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Flag, auto
from typing import Any

from pydantic_core import ErrorDetails, from_json

from embedding_service.api.refusals import MalformedBody
from embedding_service.errors import InvalidRequest, Issue

_MOST_ISSUES = 100
_SANE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "is no field of this request",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}
_SURROGATE = "has a lone surrogate, which is no Unicode text"


class Takes(Flag):
    """What a field takes, one of it or several."""

    TEXTS = auto()
    IDS = auto()


def explain(
    faults: Sequence[ErrorDetails], body: bytearray, takes: Mapping[str, Takes]
) -> InvalidRequest:
    """The error that tells `faults`, as pydantic found them in `body`, in words of ours.

    `takes` names the fields that are unions, of which pydantic says only that no member fits.
    """
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
    try:
        # The standard library's parser lets surrogates pass, escaped and (so decoded) raw ones.
        value = json.loads(body.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        value = None
    issues = [Issue(_SURROGATE, path=path) for path in _places_of_surrogates(value)]
    if issues:
        return _invalid(issues)
    return MalformedBody(f"the body is no JSON: {message.removeprefix('Invalid JSON: ')}")


def _places_of_surrogates(value: Any) -> Iterator[str]:
    """Paths of texts with one, in the body's order.

    Walks with a list, because the depth is the sender's choice.
    """
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if _has_surrogate(value):
                yield path or "body"
        elif isinstance(value, list):
            waiting += [(f"{path}[{i}]", item) for i, item in reversed(list(enumerate(value)))]
        elif isinstance(value, dict):
            if any(_has_surrogate(name) for name in value):
                yield path or "body"
            waiting += [(_join(path, name), item) for name, item in reversed(list(value.items()))]


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text)


def _examine(name: str, value: Any, takes: Takes) -> list[Issue]:
    """What is wrong with a field: which of its items, or all of it."""
    items = value if isinstance(value, list) else []
    fits, word = _expect(items[0] if items else None, takes)
    odd = [position for position, item in enumerate(items) if not fits(item)]
    if odd:
        return [Issue(word, path=name, position=position) for position in odd]
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
    return InvalidRequest(f"{place}: {first.message}{more}", issues[:_MOST_ISSUES])


def _path_of(places: tuple[int | str, ...]) -> str:
    path = ""
    for place in places:
        path = f"{path}[{place}]" if isinstance(place, int) else _join(path, place)
    return path or "body"


def _join(path: str, name: str) -> str:
    """Tell a name only if it looks like one: a body turned inside out would put texts there."""
    told = name if _SANE_NAME.fullmatch(name) else "(unreadable name)"
    return f"{path}.{told}" if path else told
