"""Which indexes wait for what is no part of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from embedding_operator.names import INDEXES
from embedding_operator.observe.cache import Cache, IndexKey
from embedding_operator.resources.objects import Manifest


def find_waiting(snapshot: Mapping[str, Any], cache: Cache) -> Iterator[IndexKey]:
    """Indexes that are to begin with a snapshot and have not: its changes are news for them."""
    namespace, name = snapshot["metadata"]["namespace"], snapshot["metadata"]["name"]
    for body in cache.within(INDEXES, namespace):
        named, begun = (_read_bootstrap(body, part) for part in ("spec", "status"))
        if named.get("snapshot") == name and not begun.get("done"):
            yield namespace, body["metadata"]["name"]


def _read_bootstrap(body: Manifest, part: str) -> Mapping[str, Any]:
    """Empty for what cannot be read."""
    bootstrap = (body.get(part) or {}).get("bootstrap")
    return bootstrap if isinstance(bootstrap, Mapping) else {}
