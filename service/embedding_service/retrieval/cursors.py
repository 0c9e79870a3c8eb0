"""Where a page ended, as a word that callers bring back and need not understand."""

import orjson

from embedding_service.errors import InvalidRequest, Issue

_LARGEST = 2**63 - 1


def write_cursor(*parts: float) -> str:
    """A word for `parts`: counts (int, 0 or more) and scores (float)."""
    return orjson.dumps(parts).hex()


def read_cursor(cursor: str, *kinds: type[int] | type[float]) -> list[float]:
    """The parts of a word that `write_cursor` made of parts of these kinds.

    Raises InvalidRequest.
    """
    try:
        parts = orjson.loads(bytes.fromhex(cursor))
    except ValueError:
        parts = None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise _no_cursor()
    if any(type(part) is int and not 0 <= part <= _LARGEST for part in parts):
        raise _no_cursor()
    return parts


def _no_cursor() -> InvalidRequest:
    return InvalidRequest(
        "this cursor is not from an answer of this service; start without one",
        [Issue("is no cursor", path="cursor")],
    )
