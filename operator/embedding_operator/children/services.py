"""Where an index answers in the cluster: under its name, and under its aliases."""

from typing import Any

from embedding_operator.children.environment import PUBLIC_PORT
from embedding_operator.children.metadata import ALIAS, build_metadata, build_selector
from embedding_operator.names import SERVICES
from embedding_operator.resolution.wanted import Wanted


def build_service(wanted: Wanted) -> dict[str, Any]:
    """Under its name. The operator's port is not in it."""
    return _build(wanted, wanted.meta.name)


def build_alias(wanted: Wanted, alias: str) -> dict[str, Any]:
    """Under an alias: owned by the index it leads to now, so that one write is the switch."""
    service = _build(wanted, alias)
    service["metadata"]["labels"][ALIAS] = alias
    return service


def _build(wanted: Wanted, name: str) -> dict[str, Any]:
    port = {"name": "http", "port": PUBLIC_PORT, "targetPort": "http", "protocol": "TCP"}
    return {
        "apiVersion": SERVICES.api,
        "kind": SERVICES.kind,
        "metadata": build_metadata(wanted.meta, name),
        "spec": {
            "type": "ClusterIP",
            "selector": build_selector(wanted.meta),
            "ports": [port],
        },
    }
