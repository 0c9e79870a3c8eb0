"""Conditions as facts of this pass, and as Kubernetes keeps them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from embedding_operator.reasons import ConditionType, Reason
from embedding_operator.resources.status import LONGEST_MESSAGE, Condition
from embedding_operator.resources.times import write_time


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition, as this pass found it."""

    type: ConditionType
    is_so: bool
    reason: Reason
    message: str

    def __post_init__(self) -> None:
        # The definition of the kind would refuse the whole status for one long word of a pod.
        object.__setattr__(self, "message", self.message[:LONGEST_MESSAGE])


def merge(
    findings: Iterable[Finding], earlier: Iterable[Condition], generation: int, now: datetime
) -> list[Condition]:
    """The conditions now, by type; a time is that of the last change of `status`."""
    known: Mapping[str, Condition] = {condition.type: condition for condition in earlier}
    return [
        _merge_one(finding, known.get(finding.type), generation, now)
        for finding in sorted(findings, key=lambda each: list(ConditionType).index(each.type))
    ]


def _merge_one(
    finding: Finding, earlier: Condition | None, generation: int, now: datetime
) -> Condition:
    status = "True" if finding.is_so else "False"
    is_same = earlier is not None and earlier.status == status
    return Condition(
        type=finding.type,
        status=status,
        reason=finding.reason,
        message=finding.message,
        observed_generation=generation,
        last_transition_time=(
            earlier.last_transition_time if earlier is not None and is_same else write_time(now)
        ),
    )
