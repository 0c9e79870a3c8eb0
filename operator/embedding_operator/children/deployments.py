"""The Deployment of an index."""

from typing import Any

from embedding_operator.children.metadata import build_metadata, build_selector
from embedding_operator.children.pods import build_template
from embedding_operator.names import DEPLOYMENTS
from embedding_operator.resolution.wanted import Wanted

_HISTORY = 3
"""Old ReplicaSets that stay, for a person who looks for what has changed."""


def build_deployment(wanted: Wanted) -> dict[str, Any]:
    """The pods that serve `wanted`."""
    return {
        "apiVersion": DEPLOYMENTS.api,
        "kind": DEPLOYMENTS.kind,
        "metadata": build_metadata(wanted.meta, wanted.meta.name),
        "spec": {
            "replicas": wanted.replicas,
            "revisionHistoryLimit": _HISTORY,
            "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": build_selector(wanted.meta)},
            "strategy": _build_strategy(wanted),
            "template": build_template(wanted),
        },
    }


def _build_strategy(wanted: Wanted) -> dict[str, Any]:
    # SQLite's file has one process, and another node waits for a volume until its last pod is gone.
    if wanted.is_on_one_node:
        return {"type": "Recreate"}
    # GPUs are scarce: a pod that has one gives it up before the next one asks for it.
    surge, down = (0, 1) if wanted.encoder.gpu is not None else (1, 0)
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": down}}
