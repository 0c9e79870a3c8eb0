"""What is told of a change of state: once, when it changes."""

import pytest

from embedding_operator.plan.actions import Event
from embedding_operator.plan.events import tell_transitions
from embedding_operator.resources.status import Condition, IndexStatus


def status(**conditions: tuple[bool, str]) -> IndexStatus:
    return IndexStatus(
        conditions=[
            Condition(
                type=type_,
                status=str(is_so),
                reason=reason,
                message=f"because of {reason}",
                observed_generation=1,
                last_transition_time="2026-03-10T12:00:00Z",
            )
            for type_, (is_so, reason) in conditions.items()
        ]
    )


def told(earlier: IndexStatus, now: IndexStatus) -> list[Event]:
    return list(tell_transitions(earlier, now))


FINE = status(Ready=(True, "AsExpected"), Degraded=(False, "AsExpected"))
NEW = IndexStatus()


@pytest.mark.parametrize(
    ("earlier", "now", "expected"),
    [
        (NEW, FINE, []),
        (FINE, FINE, []),
        (FINE, status(Ready=(False, "Waiting")), [("Waiting", False)]),
        (FINE, status(Ready=(True, "ScaledToZero")), []),
        (FINE, status(Degraded=(True, "Crash")), [("Crash", True)]),
        (NEW, status(Degraded=(True, "Crash")), [("Crash", True)]),
        (status(Degraded=(True, "Crash")), FINE, [("AsExpected", False)]),
        (status(Degraded=(True, "A")), status(Degraded=(True, "B")), [("B", True)]),
        (NEW, status(SpecAccepted=(False, "Invalid")), [("Invalid", True)]),
        (NEW, status(SnapshotHealthy=(False, "Stale")), [("Stale", True)]),
        (NEW, status(Progressing=(True, "RollingOut"), Available=(False, "None")), []),
        (FINE, status(Progressing=(True, "Scaling")), []),
    ],
)
def test_a_transition_is_told_and_a_state_is_not(
    earlier: IndexStatus, now: IndexStatus, expected: list[tuple[str, bool]]
) -> None:
    assert [(each.reason, each.is_warning) for each in told(earlier, now)] == expected


def test_the_sentence_is_that_of_the_condition() -> None:
    (event,) = told(FINE, status(Degraded=(True, "Crash")))
    assert event == Event("Crash", "because of Crash", is_warning=True)
