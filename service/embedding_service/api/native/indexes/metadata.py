"""Which metadata is fit to keep, whatever the index declares."""

import math
from collections.abc import Mapping
from typing import Any, Final

import orjson

_DEEPEST: Final = 16
"""Levels of objects and lists, the metadata itself included."""


def fault_of(metadata: Mapping[str, Any], largest: int) -> str | None:
    """What is wrong with `metadata`, as it was parsed; `largest` is in bytes of JSON."""
    try:
        text = orjson.dumps(metadata)
    except orjson.JSONEncodeError:
        return "has an integer of more than 64 bits"
    if len(text) > largest:
        return (
            f"has {len(text):,} bytes as JSON; send at most {largest:,}, or raise MAX_METADATA_SIZE"
        )
    # Three looks at the text spare nearly everybody the walk: NaN is written as null.
    is_deep = text.count(b"{") + text.count(b"[") > _DEEPEST
    if is_deep or b"null" in text or b"\\u0000" in text:
        return _fault_within(metadata, 1)
    return None


def _fault_within(value: Any, level: int) -> str | None:
    if isinstance(value, str):
        return "has a NUL character" if "\0" in value else None
    if isinstance(value, float):
        return None if math.isfinite(value) else "has NaN or infinity, which are no JSON"
    if not isinstance(value, dict | list):
        return None
    if level > _DEEPEST:
        return f"is nested more than {_DEEPEST} levels deep"
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    faults = (_fault_within(part, level + 1) for part in parts)
    return next((fault for fault in faults if fault is not None), None)
