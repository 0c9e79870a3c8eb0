"""The fields of an index that stay as they were made, and what a person is told who tries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field: two specs that differ in it alone, and one without it."""

    title: str
    first: Spec
    second: Spec
    without: Spec
    """The field is absent, or has its default."""
    told: str


def _whole(name: str, first: object, second: object, told: str) -> Fixed:
    return Fixed(name, {name: first}, {name: second}, {}, told)


def _sqlite(**claim: str) -> Spec:
    return {"database": {"type": "SQLite", "sqlite": claim}}


def _volume(**claim: str) -> Spec:
    return {"storage": {"type": "Volume", "volume": claim}}


_ANEW: Final = "make a new index and bootstrap it, or re-embed into it"
_DATABASE: Final = "database.type cannot change: make a new index and bootstrap it from a snapshot"
_CLASS: Final = (
    "sqlite.storageClassName cannot change: a volume keeps its class; make a new index and "
    "bootstrap it from a snapshot"
)

FIELDS: Final = (
    _whole("model", "a", "b", f"model cannot change: vectors would not compare; {_ANEW}"),
    _whole("dimension", 384, 768, f"dimension cannot change: vectors would not fit; {_ANEW}"),
    _whole("metric", "L2", "Dot", f"metric cannot change; {_ANEW}"),
    _whole("fields", {"a": "Int"}, {"a": "Float"}, f"fields cannot change; {_ANEW}"),
    _whole(
        "bootstrap",
        {"snapshot": "a"},
        {"retained": "a"},
        "bootstrap cannot change: it is used once, for a new index",
    ),
    _whole("database", {"type": "SQLite"}, {"type": "PostgreSQL"}, _DATABASE),
    Fixed(
        "sqlite.storageClassName",
        _sqlite(storageClassName="fast"),
        _sqlite(storageClassName="slow"),
        _sqlite(),
        _CLASS,
    ),
    Fixed(
        "sqlite",
        _sqlite(storageClassName="fast"),
        _sqlite(storageClassName="slow"),
        {"database": {"type": "SQLite"}},
        _CLASS,
    ),
    Fixed(
        "volume.storageClassName",
        _volume(storageClassName="fast"),
        _volume(storageClassName="slow"),
        _volume(),
        "storageClassName cannot change: a volume keeps its class; set storage.type S3, or make a "
        "new index",
    ),
    Fixed(
        "volume.accessMode",
        _volume(accessMode="ReadWriteMany"),
        _volume(accessMode="ReadWriteOnce"),
        _volume(),
        "accessMode cannot change: a volume keeps its mode; set storage.type S3, or make a new "
        "index",
    ),
)

SNAPSHOT_CHANGES: Final[Mapping[str, Spec]] = {
    "index": {"indexRef": {"name": "other"}},
    "retention": {"retention": "Keep"},
    "retention-away": {"retention": None},
    "deadline": {"deadline": "2h"},
    "deadline-away": {"deadline": None},
}
"""Changes of one that has retention Expire and deadline 30m."""

SNAPSHOT_TOLD: Final = "a snapshot cannot change: make another one"
GROWTH_TOLD: Final = "size may only grow, and stays: a volume does not shrink"
