"""One word and one sentence for people, by the conditions."""

from typing import Any

import pytest

from embedding_indexes import NOW
from embedding_operator.observe.pods import Trouble
from embedding_operator.reasons import Reason
from embedding_operator.resolution.faults import Fault
from embedding_operator.status.assessment import Facts, Rollout, assess
from embedding_operator.status.phase import name_phase, pick_message
from observed import a_report

WHOLE = Rollout(1, 1, 1, is_there=True, is_seen=True)
WRONG: dict[str, Any] = {"extra": [Trouble(Reason.CHILD_REFUSED, "quota")]}
REFUSED: dict[str, Any] = {"faults": [Fault(Reason.NOT_ALLOWED, "evil")]}


def facts(**changes: Any) -> Facts:
    given: dict[str, Any] = {"desired": 1, "rollout": WHOLE, "pods": (), "reports": [a_report()]}
    return Facts(**{**given, "now": NOW, **changes})


@pytest.mark.parametrize(
    ("changes", "has_served", "phase"),
    [
        ({}, True, "Running"),
        ({"rollout": Rollout()}, False, "Pending"),
        ({"is_bootstrapped": False}, False, "Bootstrapping"),
        ({"is_reloading": True}, True, "Reloading"),
        (WRONG, True, "Degraded"),
        (REFUSED, False, "Failed"),
        (REFUSED, True, "Pending"),
        ({"is_paused": True, **WRONG}, True, "Paused"),
        ({"is_deleting": True, "is_paused": True, **WRONG}, True, "Deleting"),
    ],
)
def test_a_phase_is_named_by_what_matters_most(
    changes: dict[str, Any], has_served: bool, phase: str
) -> None:
    assert name_phase(assess(facts(**changes)), has_served=has_served) == phase


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "everything is as the spec says"),
        ({"rollout": Rollout()}, "0 of 1 replicas serve"),
        (WRONG, "quota"),
        ({"extra": [Trouble(Reason.CHILD_REFUSED, "x" * 9999)]}, "x" * 2048),
        ({**WRONG, **REFUSED}, "evil. What was accepted last runs on"),
        ({**REFUSED, "rollout": Rollout()}, "evil"),
    ],
)
def test_the_message_is_the_gravest_one(changes: dict[str, Any], told: str) -> None:
    assert pick_message(assess(facts(**changes))) == told
