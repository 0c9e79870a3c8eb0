"""Pods that the operator cannot reach: told after a while, and nothing flaps before."""

from datetime import timedelta

import pytest

from embedding_indexes import NAMESPACE
from embedding_operator.names import SNAPSHOTS
from observed import a_report
from small_town import Town


@pytest.fixture
def town() -> Town:
    return Town()


async def test_pods_that_no_answer_comes_from_are_told_of_after_a_minute(town: Town) -> None:
    town.build()
    await town.settle()
    town.pods.is_away = True
    await town.turn(after=60)
    assert town.told("Degraded") == ("False", "AsExpected")
    await town.turn(after=60)
    assert town.told("Degraded") == ("True", "PodsUnreachable")
    assert "10.0.0.1 does not answer" in town.status["message"]
    assert town.told() == ("True", "AsExpected")
    town.pods.is_away = False
    await town.turn(after=60)
    assert town.told("Degraded") == ("False", "AsExpected")


async def test_one_answer_that_is_late_does_not_end_a_trouble(town: Town) -> None:
    town.build()
    town.pods.told = a_report(encoder={"serving": False})
    await town.settle()
    assert town.told("Degraded") == ("True", "EncoderUnavailable")
    town.pods.is_away = True
    await town.turn(after=60)
    assert town.told("Degraded") == ("True", "EncoderUnavailable")


async def test_a_snapshot_that_no_pod_begins_says_why_and_so_does_its_end(town: Town) -> None:
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    town.pods.is_strange = True
    await town.settle()
    (snapshot,) = town.cluster.of(SNAPSHOTS)
    assert snapshot["status"]["phase"] == "Pending"
    assert snapshot["status"]["error"].startswith("a pod does not begin it: ")
    town.now += timedelta(hours=2)
    await town.turn()
    failed = town.cluster.objects[SNAPSHOTS, NAMESPACE, snapshot["metadata"]["name"]]
    assert failed["status"]["phase"] == "Failed"
    assert "its deadline: a pod does not begin it" in failed["status"]["error"]
