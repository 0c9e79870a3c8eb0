"""How many pods of an index may be taken away at once, by those who drain nodes."""

from typing import Any

from embedding_operator.children.metadata import build_metadata, build_selector
from embedding_operator.names import BUDGETS
from embedding_operator.resolution.wanted import Wanted


def build_budget(wanted: Wanted) -> dict[str, Any] | None:
    """One; None where there is one pod only, which a budget would nail to its node."""
    if wanted.replicas < 2:
        return None
    return {
        "apiVersion": BUDGETS.api,
        "kind": BUDGETS.kind,
        "metadata": build_metadata(wanted.meta, wanted.meta.name),
        "spec": {
            "maxUnavailable": 1,
            # A pod that is not ready serves nobody, and must not hold up a drain for ever.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": build_selector(wanted.meta)},
        },
    }
