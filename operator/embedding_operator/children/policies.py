"""Who may reach the pods of an index: everybody their port for people, the operator the other."""

from typing import Any, Final

from embedding_operator.children.environment import ADMIN_PORT, PUBLIC_PORT
from embedding_operator.children.metadata import build_metadata, build_selector
from embedding_operator.names import POLICIES
from embedding_operator.resolution.wanted import Wanted

_NAMESPACE: Final = "kubernetes.io/metadata.name"


def build_policy(wanted: Wanted, operator_namespace: str) -> dict[str, Any]:
    """Ingress alone: what pods ask for is not bounded here."""
    operator = {
        "namespaceSelector": {"matchLabels": {_NAMESPACE: operator_namespace}},
        "podSelector": {"matchLabels": dict(wanted.peers)},
    }
    return {
        "apiVersion": POLICIES.api,
        "kind": POLICIES.kind,
        "metadata": build_metadata(wanted.meta, wanted.meta.name),
        "spec": {
            "podSelector": {"matchLabels": build_selector(wanted.meta)},
            "policyTypes": ["Ingress"],
            "ingress": [
                {"ports": [{"port": PUBLIC_PORT, "protocol": "TCP"}]},
                {"from": [operator], "ports": [{"port": ADMIN_PORT, "protocol": "TCP"}]},
            ],
        },
    }
