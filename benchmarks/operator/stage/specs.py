"""What people write: mostly the smallest index there is, and some of each kind that costs more."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

SMALLEST: Final[Mapping[str, Any]] = {}
SERVERS: Final[Mapping[str, Any]] = {
    "replicas": 2,
    "database": {"type": "PostgreSQL", "postgresql": {"secret": {"name": "database"}}},
    "storage": {"type": "S3", "s3": {"bucket": "snapshots", "secret": {"name": "bucket"}}},
}
REACHED: Final[Mapping[str, Any]] = {
    "ingress": {"host": "search.example.com", "className": "nginx"},
    "auth": {"mode": "None"},
}
SCHEDULED: Final[Mapping[str, Any]] = {
    # Read at each pass, and never due while it is measured.
    "snapshots": {"schedule": "0 0 29 2 *", "retention": {"count": 7, "age": "30d"}},
}
MIXED: Final[Sequence[Mapping[str, Any]]] = (*([SMALLEST] * 7), SERVERS, REACHED, SCHEDULED)
"""Of ten indexes, one after the other."""
MOST_REPLICAS: Final = 2


def name_index(number: int) -> str:
    """The same digits for each, so that no name begins with another."""
    return f"i{number:05}"


def build_spec(number: int) -> dict[str, Any]:
    """The spec of one index; one that is reached from outside has an alias of its own."""
    spec = dict(MIXED[number % len(MIXED)])
    return {**spec, "aliases": [f"a{number:05}"]} if "ingress" in spec else spec


def change_spec(number: int) -> dict[str, Any]:
    """The same with more memory, which changes its Deployment."""
    return {**build_spec(number), "resources": {"requests": {"memory": "768Mi"}}}
