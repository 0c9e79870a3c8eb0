"""Volumes that are there and the size that they are to have."""

from dataclasses import replace
from typing import Any

import pytest

from embedding_indexes import SETTING
from embedding_operator.names import CLAIMS
from embedding_operator.observe.pods import Trouble
from embedding_operator.plan.volumes import name_pending
from embedding_operator.reasons import Reason
from observed import a_pod, observe
from plan_passes import World, is_still


def data(size: str | None) -> dict[str, Any]:
    return {"database": {"type": "SQLite", "sqlite": {"size": size} if size else {}}}


def snapshots(size: str | None) -> dict[str, Any]:
    return {"storage": {"type": "Volume", "volume": {"size": size} if size else {}}}


EITHER = pytest.mark.parametrize(
    ("of", "name"), [(data, "docs-data"), (snapshots, "docs-snapshots")]
)


def requests_of(world: World, name: str) -> dict[str, str]:
    requests: dict[str, str] = world.live[CLAIMS, name]["spec"]["resources"]["requests"]
    return requests


def accepted(world: World) -> str:
    """What is told of a spec that is accepted."""
    (told,) = [each for each in world.status["conditions"] if each["type"] == "SpecAccepted"]
    assert (told["status"], told["reason"]) == ("True", "Accepted")
    message: str = told["message"]
    return message


@EITHER
@pytest.mark.parametrize("less", ["5Gi", "10G", "1k"])
def test_a_smaller_wish_is_told_and_keeps_nothing_else_from_being_done(
    of: Any, name: str, less: str
) -> None:
    world = World(of(None))
    world.settle()
    world.spec = {**of(less), "podTemplate": {"labels": {"a": "b"}}}
    assert world.turn().changes.applied
    assert is_still(world.settle())
    assert requests_of(world, name)["storage"] == "10Gi"
    told = f"the spec can be done; volume {name} has 10Gi, and does not shrink to {less}"
    assert accepted(world) == told


@EITHER
@pytest.mark.parametrize("more", ["20Gi", "10240Mi"])
def test_a_volume_may_grow(of: Any, name: str, more: str) -> None:
    world = World(of(None))
    world.settle()
    world.spec = of(more)
    world.settle()
    assert requests_of(world, name)["storage"] == more
    assert accepted(world) == "the spec can be done"


@EITHER
def test_a_volume_that_somebody_has_made_larger_stays_so_where_the_spec_says_nothing(
    of: Any, name: str
) -> None:
    world = World(of(None))
    world.settle()
    requests_of(world, name)["storage"] = "1Ti"
    assert is_still(world.settle())
    assert requests_of(world, name)["storage"] == "1Ti"
    assert accepted(world) == "the spec can be done"


def test_a_smaller_default_is_for_new_indexes() -> None:
    world = World()
    world.settle()
    database = SETTING.defaults.database.model_copy(update={"size": "1Gi"})
    defaults = SETTING.defaults.model_copy(update={"database": database})
    world.setting = replace(SETTING, defaults=defaults)
    assert is_still(world.plan())


def a_claim(name: str, phase: str, class_: str | None) -> dict[str, Any]:
    spec = {} if class_ is None else {"storageClassName": class_}
    return {"metadata": {"name": name}, "spec": spec, "status": {"phase": phase}}


@pytest.mark.parametrize(
    ("class_", "named"),
    [("fast", "docs-data of class fast has"), (None, "docs-data, which names no class, has")],
)
def test_a_pod_that_waits_for_a_volume_says_for_which(class_: str | None, named: str) -> None:
    waiting = a_pod("docs-a", trouble=Trouble(Reason.VOLUME_PENDING, "unbound"))
    other = a_pod("docs-b", trouble=Trouble(Reason.PODS_UNSCHEDULABLE, "no node"))
    claims = {
        (CLAIMS, name): a_claim(name, phase, class_)
        for name, phase in (("docs-data", "Pending"), ("docs-snapshots", "Bound"))
    }
    found = name_pending(replace(observe(pods=[waiting, other]), children=claims))
    told = f"PersistentVolumeClaim {named} no volume yet; its events say why: unbound"
    assert found == [replace(waiting, trouble=Trouble(Reason.VOLUME_PENDING, told)), other]


def test_a_pod_that_waits_for_no_claim_of_ours_says_what_the_scheduler_says() -> None:
    waiting = a_pod("docs-a", trouble=Trouble(Reason.VOLUME_PENDING, "unbound"))
    assert name_pending(observe(pods=[waiting])) == [waiting]
