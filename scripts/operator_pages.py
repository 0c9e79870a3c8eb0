"""The page of conditions, made from the operator's runbook."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import chain
from typing import Any

from embedding_operator.reasons import ConditionType, SnapshotConditionType
from embedding_operator.runbook import RUNBOOK, Entry
from embedding_operator.snapshot_runbook import SNAPSHOT_RUNBOOK

_HEAD = """# Conditions of an EmbeddingIndex

<!-- Written by `make generate`. -->

`kubectl describe embeddingindex NAME` shows them, and one can be waited for:
`kubectl wait --for=condition=Ready embeddingindex/NAME`. `Ready`, `Available` and `SpecAccepted`
are True when all is well; `Degraded` is True when a person should look. A type, or a reason, keeps
its meaning once it is released.
"""
_SNAPSHOTS = """## Conditions of an EmbeddingIndexSnapshot

It has one once it has ended: `kubectl wait --for=condition=Completed embeddingindexsnapshot/NAME`.
"""


def render_conditions_page() -> str:
    """The whole text of docs/conditions.md."""
    index = chain.from_iterable(_render(type_, RUNBOOK) for type_ in ConditionType)
    snapshot = chain.from_iterable(
        _render(type_, SNAPSHOT_RUNBOOK, "###") for type_ in SnapshotConditionType
    )
    return "\n".join([_HEAD, *index, _SNAPSHOTS, *snapshot])


def _render(
    type_: StrEnum, runbook: Mapping[tuple[Any, Any], Entry], level: str = "##"
) -> Iterator[str]:
    yield f"{level} {type_}\n"
    yield "| reason | status | meaning | what to do |"
    yield "|---|---|---|---|"
    for (about, reason), entry in runbook.items():
        if about is type_:
            yield f"| `{reason}` | {entry.status} | {entry.meaning} | {entry.remedy} |"
    yield ""
