"""The page of conditions, made from the operator's runbook."""

from collections.abc import Iterator

from embedding_operator.reasons import ConditionType
from embedding_operator.runbook import RUNBOOK

_HEAD = """# Conditions of an EmbeddingIndex

<!-- Written by `make generate`. -->

`kubectl describe embeddingindex NAME` shows them, and one can be waited for:
`kubectl wait --for=condition=Ready embeddingindex/NAME`. `Ready`, `Available` and `SpecAccepted`
are True when all is well; `Degraded` is True when a person should look. A type, or a reason, keeps
its meaning once it is released.
"""


def render_conditions_page() -> str:
    """The whole text of docs/conditions.md."""
    return "\n".join([_HEAD, *(line for type_ in ConditionType for line in _render(type_))])


def _render(type_: ConditionType) -> Iterator[str]:
    yield f"## {type_}\n"
    yield "| reason | status | meaning | what to do |"
    yield "|---|---|---|---|"
    for (about, reason), entry in RUNBOOK.items():
        if about is type_:
            yield f"| `{reason}` | {entry.status} | {entry.meaning} | {entry.remedy} |"
    yield ""
