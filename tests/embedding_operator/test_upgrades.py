"""Indexes of an installation that gets another release: a few at a time, and none for another."""

from typing import Any

import pytest

from embedding_indexes import DEFAULTS, NAMESPACE, SHARED
from embedding_operator.errors import OperatorError, Refused
from embedding_operator.names import DEPLOYMENTS, INDEXES, PODS, Kind
from embedding_operator.plan.renewal import WELL_BEFORE
from embedding_operator.resources.times import write_time
from fake_cluster import ours
from observed import container_body, pod_body
from small_town import Town, label

CRASHING = container_body({"waiting": {"reason": "CrashLoopBackOff"}}, restartCount=5)


@pytest.fixture
def town() -> Town:
    return Town()


def upgrade(town: Town, release: str, *, rollouts: int = 5) -> None:
    """Another operator, with other images."""
    images = DEFAULTS.images.model_copy(update={"index": f"index:{release}"})
    bounds = DEFAULTS.bounds.model_copy(update={"rollouts": rollouts})
    town.defaults = DEFAULTS.model_copy(update={"images": images, "bounds": bounds})
    town.restart()


def image_of(town: Town, name: str) -> str:
    body = town.cluster.objects[DEPLOYMENTS, NAMESPACE, name]
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def crash(town: Town, name: str, reason: str) -> None:
    """Its pod ends and ends again; `reason` is the Deployment's word of its rollout."""
    body = town.cluster.objects[DEPLOYMENTS, NAMESPACE, name]
    conditions = [{"type": "Progressing", "status": "True", "reason": reason}]
    status = {**body["status"], "readyReplicas": 0, "conditions": conditions}
    town.cluster.add(DEPLOYMENTS, {**body, "status": status})
    meta: dict[str, Any] = {"name": f"{name}-0", "uid": f"uid-of-{name}-0"}
    town.cluster.add(PODS, pod_body(CRASHING, **meta, labels=label(name, f"uid-of-{name}")))


async def build(town: Town, *names: str, spec: dict[str, Any] | None = None) -> None:
    for name in names:
        town.build(spec, name=name, uid=f"uid-of-{name}")
    await town.settle(*names)


async def test_indexes_get_another_release_one_after_the_other(town: Town) -> None:
    await build(town, "docs", "faq")
    upgrade(town, "2", rollouts=1)
    await town.turn()
    await town.turn("faq")
    assert (image_of(town, "docs"), image_of(town, "faq")) == ("index:2", "index:1")
    await town.settle("docs", "faq")
    assert image_of(town, "faq") == "index:2"
    town.cluster.writes.clear()
    await town.settle("docs", "faq")
    assert town.cluster.writes == []


async def test_indexes_that_go_or_cannot_be_told_of_hold_up_nobody(town: Town) -> None:
    await build(town, "gone", spec={**SHARED, "deletionPolicy": "Delete"})
    await build(town, "sick", "docs")
    body = town.cluster.objects[INDEXES, NAMESPACE, "gone"]
    deleted = {**body["metadata"], "deletionTimestamp": write_time(town.now)}
    town.cluster.add(INDEXES, {**body, "metadata": deleted})
    town.pods.is_away = True  # so that its rows stay

    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        return Refused("too long", 422) if (verb, name) == ("status", "sick") else None

    town.cluster.refuse = refuse
    upgrade(town, "2", rollouts=1)
    await town.turn("gone")
    with pytest.raises(Refused):
        await town.turn("sick")
    await town.turn()
    assert image_of(town, "docs") == "index:2"


async def test_a_deployment_that_is_refused_holds_up_nobody(town: Town) -> None:
    await build(town, "docs", "faq")

    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        return Refused("quota", 403) if (kind, name) == (DEPLOYMENTS, "faq") else None

    town.cluster.refuse = refuse
    upgrade(town, "2", rollouts=1)
    await town.settle("faq")
    await town.turn()
    assert image_of(town, "docs") == "index:2"


async def test_an_index_that_fails_for_other_reasons_holds_up_nobody(town: Town) -> None:
    await build(town, "docs")
    upgrade(town, "2")
    await build(town, "sick")
    crash(town, "sick", "NewReplicaSetAvailable")
    await town.settle("sick")
    await town.turn()
    assert image_of(town, "docs") == "index:2"


async def test_a_release_that_makes_one_worse_goes_no_further_until_it_is_taken_back(
    town: Town,
) -> None:
    await build(town, "docs", "faq")
    upgrade(town, "2")
    await town.turn()
    crash(town, "docs", "ReplicaSetUpdated")
    await town.turn()
    town.cluster.writes.clear()
    await town.settle("docs", "faq")
    assert list(ours(town.cluster.writes)) == []
    assert (image_of(town, "docs"), image_of(town, "faq")) == ("index:2", "index:1")
    conditions = town.cluster.objects[INDEXES, NAMESPACE, "faq"]["status"]["conditions"]
    assert "WaitingForTurn" in {each["reason"] for each in conditions}
    upgrade(town, "1")
    await town.settle("docs", "faq")
    assert (image_of(town, "docs"), image_of(town, "faq")) == ("index:1", "index:1")


def is_marked(town: Town, name: str) -> bool:
    """Whether its Deployment says that what is being replaced was well."""
    return (
        WELL_BEFORE in town.cluster.objects[DEPLOYMENTS, NAMESPACE, name]["metadata"]["annotations"]
    )


@pytest.mark.parametrize("reason", ["ReplicaSetUpdated", "ProgressDeadlineExceeded"])
async def test_a_restart_does_not_let_a_bad_release_go_on(town: Town, reason: str) -> None:
    await build(town, "docs", "faq")
    upgrade(town, "2")
    await town.turn()
    crash(town, "docs", reason)
    await town.turn()
    for _ in range(2):
        town.restart()
        town.cluster.writes.clear()
        await town.settle("faq", "docs")
        assert list(ours(town.cluster.writes)) == []
    assert (image_of(town, "docs"), image_of(town, "faq")) == ("index:2", "index:1")
    assert is_marked(town, "docs")
    upgrade(town, "3")
    await town.settle("docs", "faq")
    assert (image_of(town, "docs"), image_of(town, "faq")) == ("index:3", "index:3")
    assert not is_marked(town, "docs")


async def test_what_ends_well_leaves_no_mark(town: Town) -> None:
    await build(town, "docs")
    upgrade(town, "2")
    await town.turn()
    assert is_marked(town, "docs")
    await town.settle()
    assert not is_marked(town, "docs")
    town.restart()
    town.cluster.writes.clear()
    await town.settle()
    assert town.cluster.writes == []
