"""What is told of an index whose spec cannot be read: its definition of the kind is another's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from embedding_operator.reasons import ConditionType, Reason
from embedding_operator.resources.status import IndexStatus
from embedding_operator.status.conditions import Finding, merge

_TOLD: Final = 3
"""Faults that are told; the others come when these are mended."""


def tell_refusal(
    earlier: IndexStatus, faults: Sequence[str], generation: int, now: datetime
) -> IndexStatus:
    """The status as it was, with what cannot be read in it; `faults` are sentences of fields."""
    message = f"it cannot be read: {'; '.join(faults[:_TOLD])}. What was accepted last runs on"
    findings = [
        Finding(ConditionType.READY, False, Reason.SPEC_INVALID, message),
        Finding(ConditionType.SPEC_ACCEPTED, False, Reason.NOT_SUPPORTED, message),
    ]
    known = earlier.conditions or []
    told = {each.type: each for each in (*known, *merge(findings, known, generation, now))}
    return earlier.model_copy(
        update={
            "observed_generation": generation,
            "phase": earlier.phase if earlier.fingerprint else "Failed",
            "message": message[:2048],
            "conditions": [told[type_] for type_ in ConditionType if type_ in told],
        }
    )
