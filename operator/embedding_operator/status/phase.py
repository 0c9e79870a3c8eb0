"""One word for people; nothing is ever decided by it."""

from collections.abc import Sequence

from embedding_operator.reasons import ConditionType, Reason
from embedding_operator.status.conditions import Finding


def name_phase(findings: Sequence[Finding], *, has_served: bool) -> str:
    """The word, by the conditions."""
    by_type = {finding.type: finding for finding in findings}
    ready, progress = by_type[ConditionType.READY], by_type[ConditionType.PROGRESSING]
    is_refused = not by_type[ConditionType.SPEC_ACCEPTED].is_so
    words = (
        ("Deleting", ready.reason is Reason.DELETING),
        ("Paused", progress.reason is Reason.PAUSED),
        ("Failed", is_refused and not has_served),
        ("Bootstrapping", ready.reason is Reason.BOOTSTRAPPING),
        ("Degraded", by_type[ConditionType.DEGRADED].is_so),
        ("Reloading", progress.reason is Reason.RELOADING),
        ("Running", ready.is_so),
    )
    return next((word for word, is_so in words if is_so), "Pending")


def pick_message(findings: Sequence[Finding]) -> str:
    """The most important thing to know now."""
    by_type = {finding.type: finding for finding in findings}
    for type_, is_wrong in (
        (ConditionType.SPEC_ACCEPTED, False),
        (ConditionType.DEGRADED, True),
        (ConditionType.READY, False),
    ):
        if by_type[type_].is_so is is_wrong:
            return by_type[type_].message
    return by_type[ConditionType.PROGRESSING].message
