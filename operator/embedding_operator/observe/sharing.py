"""Keeps once what several objects have in common, down to single texts.

Of a thousand indexes the Deployments differ in a few values; parsed from JSON, each has all of it.
Nobody may change what is shared: it is read, and written anew where it is to be otherwise.
"""

import sys
from collections.abc import Mapping
from typing import Any, Final, TypeVar

T = TypeVar("T")

_NOTHING: Final = object()


def share(value: T, like: Any) -> T:
    """The same value, with the parts that `like` has in the same place taken from there."""
    made: Any = value
    if isinstance(value, dict):
        made = _share_fields(value, like if isinstance(like, dict) else {})
    elif isinstance(value, list):
        made = _share_entries(value, like if isinstance(like, list) else [])
    elif type(value) is type(like) and value == like:  # True is no 1
        made = like
    shared: T = made
    return shared


def _share_fields(value: dict[str, Any], like: Mapping[str, Any]) -> Mapping[str, Any]:
    # Names of fields are few, but the parser makes each anew for every document.
    made = {sys.intern(key): share(each, like.get(key)) for key, each in value.items()}
    is_same = len(made) == len(like) and all(
        each is like.get(key, _NOTHING) for key, each in made.items()
    )
    return like if is_same else made


def _share_entries(value: list[Any], like: list[Any]) -> list[Any]:
    known = [*like, *[None] * (len(value) - len(like))]
    made = [share(each, other) for each, other in zip(value, known, strict=False)]
    is_same = len(made) == len(like) and all(map(_is, made, like))
    return like if is_same else made


def _is(one: object, other: object) -> bool:
    return one is other
