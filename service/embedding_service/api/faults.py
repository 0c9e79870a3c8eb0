"""What exactly is wrong with a body: the slow road, taken after the fast one has failed."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
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


def explain(
    faults: Sequence[ErrorDetails],
    body: bytearray,
    texts_fields: Collection[str],
    *,
    takes_ids: bool,
) -> InvalidRequest:
    """The error that tells `faults`, as pydantic found them in `body`, in words of ours."""
    if faults[0]["type"] == "json_invalid":
        return _explain_syntax(faults[0]["msg"], body)
    issues: list[Issue] = []
    odd: set[str] = set()
    for fault in faults:
        field = str(fault["loc"][0]) if fault["loc"] else ""
        if field not in texts_fields or fault["type"] == "missing":
            words = _WORDS.get(fault["type"], fault["msg"])
            issues.append(Issue(words, path=_path_of(fault["loc"])))
        elif field not in odd:  # each member of the union complains by itself
            odd.add(field)
            issues += _examine(field, from_json(body)[field], takes_ids=takes_ids)
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


def _examine(name: str, value: Any, *, takes_ids: bool) -> list[Issue]:
    """What is wrong with a field of texts; its first item decides what the others should be."""
    wanted = "a text or a list of texts" + (", or token ids" if takes_ids else "")
    if not isinstance(value, list) or not value:
        return [Issue(f"must be {wanted}", path=name)]
    first = value[0]
    if takes_ids and isinstance(first, list):
        return [
            Issue("is no list of token ids", path=name, position=i)
            for i, item in enumerate(value)
            if not isinstance(item, list) or not all(_is_id(id_) for id_ in item)
        ]
    if takes_ids and _is_id(first):
        odd, word = [i for i, item in enumerate(value) if not _is_id(item)], "is no token id"
    else:
        odd, word = [i for i, item in enumerate(value) if not isinstance(item, str)], "is no text"
    return [Issue(word, path=name, position=i) for i in odd]


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


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
