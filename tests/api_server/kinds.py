"""Objects of our kinds, as people write them."""

from typing import Any

from embedding_operator.names import INDEXES, SNAPSHOTS
from tests.api_server.api import Manifest

NAME = "products"


def index(spec: Manifest | None = None, name: str = NAME) -> dict[str, Any]:
    """The smallest one, unless told more."""
    return {
        "apiVersion": INDEXES.api,
        "kind": INDEXES.kind,
        "metadata": {"name": name},
        "spec": spec or {},
    }


def snapshot(spec: Manifest | None = None, name: str = "before-release") -> dict[str, Any]:
    """One of the smallest index, unless told otherwise."""
    return {
        "apiVersion": SNAPSHOTS.api,
        "kind": SNAPSHOTS.kind,
        "metadata": {"name": name},
        "spec": {"indexRef": {"name": NAME}, **(spec or {})},
    }
