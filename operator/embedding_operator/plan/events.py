"""What is told of a change of state: once, when it changes."""

from collections.abc import Iterator
from typing import Final

from embedding_operator.plan.actions import Event
from embedding_operator.plan.children import Changes
from embedding_operator.reasons import ConditionType
from embedding_operator.resources.status import Condition, IndexStatus

_BAD: Final = {
    ConditionType.DEGRADED: "True",
    ConditionType.SPEC_ACCEPTED: "False",
    ConditionType.SNAPSHOT_HEALTHY: "False",
}
"""The status of a condition that is a warning; other types give none."""
_TOLD: Final = frozenset({*_BAD, ConditionType.READY})


def tell_transitions(earlier: IndexStatus, now: IndexStatus) -> Iterator[Event]:
    """One event for each condition that has another status, or is bad for another reason."""
    known = {each.type: each for each in earlier.conditions or ()}
    for condition in now.conditions or ():
        type_ = ConditionType(condition.type)
        if type_ in _TOLD and _is_news(condition, known.get(condition.type)):
            is_bad = _BAD.get(type_) == condition.status
            yield Event(condition.reason, condition.message, is_warning=is_bad)


def tell_drift(changes: Changes) -> Iterator[Event]:
    """One event for each child that somebody else has changed."""
    for kind, name in changes.drifted:
        told = f"{kind.kind} {name} was changed by somebody and is put back"
        yield Event("DriftCorrected", told)


def _is_news(condition: Condition, earlier: Condition | None) -> bool:
    is_bad = _BAD.get(ConditionType(condition.type)) == condition.status
    if earlier is None:
        return is_bad
    return earlier.status != condition.status or (is_bad and earlier.reason != condition.reason)
