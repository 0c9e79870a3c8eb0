"""The ConfigMap that pods read: what may change without a restart of theirs."""

from typing import Any

from embedding_operator.children.environment import ADMIN_KEYS, ALIASES, SNAPSHOT
from embedding_operator.children.metadata import build_metadata, name_orders
from embedding_operator.names import CONFIG_MAPS
from embedding_operator.resolution.wanted import Wanted


def build_orders(wanted: Wanted) -> dict[str, Any]:
    """Who may ask on port 8002, further names of the index, the snapshot to begin from."""
    return {
        "apiVersion": CONFIG_MAPS.api,
        "kind": CONFIG_MAPS.kind,
        "metadata": build_metadata(wanted.meta, name_orders(wanted.meta)),
        "data": {
            ADMIN_KEYS: wanted.operator_keys,
            ALIASES: "\n".join(sorted(wanted.spec.aliases or ())),
            SNAPSHOT: wanted.snapshot or "",
        },
    }
