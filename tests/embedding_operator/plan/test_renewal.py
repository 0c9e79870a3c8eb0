"""Pods of another release wait for a turn, and all of them waits; nothing else does."""

from dataclasses import replace
from typing import Any

import pytest

from embedding_indexes import SETTING, SHARED
from embedding_operator.children.environment import ADMIN_KEYS
from embedding_operator.names import CONFIG_MAPS, DEPLOYMENTS
from embedding_operator.plan.renewal import TEMPLATE, Renewal, assess_renewal
from embedding_operator.plan.setting import Setting
from embedding_operator.status.assessment import Rollout
from plan_passes import World, is_still

IN_POD = {"encoder": {"mode": "InPod"}}


def of_release(release: str = "2", *, has_turn: bool = False) -> Setting:
    images = {"index": f"index:{release}", "server": f"server:{release}"}
    made = SETTING.defaults.images.model_copy(update=images)
    defaults = SETTING.defaults.model_copy(update={"images": made})
    return replace(SETTING, defaults=defaults, has_turn=has_turn)


def settled(spec: dict[str, Any] | None = None) -> World:
    """An index that serves, of release 1."""
    world = World(spec or {}, setting=of_release("1", has_turn=True))
    world.settle()
    return world


def template_of(world: World) -> Any:
    return world.live[DEPLOYMENTS, "docs"]["spec"]["template"]


def test_another_release_waits_for_its_turn_and_is_then_rolled_out() -> None:
    world = settled()
    world.setting = of_release()
    planned = world.turn()
    assert is_still(planned)
    assert planned.renewal == Renewal(is_waiting=True)
    assert world.told()["Progressing"] == ("True", "WaitingForTurn")
    world.setting = of_release(has_turn=True)
    assert world.turn().renewal.is_going_on
    assert template_of(world)["spec"]["containers"][0]["image"] == "index:2"
    assert world.settle().renewal == Renewal()


def test_whatever_else_another_release_makes_otherwise_waits_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = settled()
    monkeypatch.setattr("embedding_operator.children.pods.NODE_PATIENCE", 31)
    monkeypatch.setattr("embedding_operator.children.pods.USER", 10002)
    monkeypatch.setattr("embedding_operator.plan.setting.__version__", "9")
    world.setting = of_release("1")
    assert world.turn().renewal.is_waiting


def test_another_release_that_makes_the_same_pods_does_not_wait() -> None:
    world = settled()
    before = template_of(world)
    world.setting = replace(
        of_release("1"),
        defaults=SETTING.defaults.model_copy(
            update={
                "images": of_release("1").defaults.images.model_copy(update={"server": "server:2"})
            }
        ),
    )
    planned = world.turn()
    assert not planned.renewal.is_waiting
    assert template_of(world) == before
    assert is_still(world.settle())


def test_a_change_by_the_author_needs_no_turn() -> None:
    world = settled()
    world.setting = of_release("1")
    world.spec = {"podTemplate": {"labels": {"a": "b"}}}
    planned = world.turn()
    assert not planned.renewal.is_waiting
    assert template_of(world)["metadata"]["labels"]["a"] == "b"


def test_an_image_never_runs_with_the_settings_of_another() -> None:
    world = settled()
    before = template_of(world)
    world.setting, world.spec = of_release(), IN_POD
    planned = world.turn()
    assert is_still(planned)
    assert planned.renewal.is_waiting
    assert template_of(world) == before
    world.setting = of_release(has_turn=True)
    world.turn()
    container = template_of(world)["spec"]["containers"][0]
    assert container["image"] == "server:2"
    assert "ENCODER_URL" not in {each["name"] for each in container["env"]}


def test_while_pods_wait_their_number_and_what_they_read_do_not() -> None:
    world = settled({**SHARED, "replicas": 2})
    before = template_of(world)
    stamp = world.live[DEPLOYMENTS, "docs"]["metadata"]["annotations"][TEMPLATE]
    world.setting = replace(of_release(), operator_keys='{"keys": ["new"]}')
    world.spec = {**SHARED, "replicas": 4}
    planned = world.turn()
    assert {child.kind for child in planned.changes.applied} == {CONFIG_MAPS, DEPLOYMENTS}
    assert planned.changes.drifted == ()
    deployment = world.live[DEPLOYMENTS, "docs"]
    assert (deployment["spec"]["replicas"], template_of(world)) == (4, before)
    assert deployment["metadata"]["annotations"][TEMPLATE] == stamp
    assert world.live[CONFIG_MAPS, "docs-orders"]["data"][ADMIN_KEYS] == '{"keys": ["new"]}'
    assert is_still(world.settle())
    world.setting = replace(world.setting, has_turn=True)
    world.turn()
    assert template_of(world)["spec"]["containers"][0]["image"] == "index:2"


def test_an_index_that_has_not_served_has_nothing_to_lose() -> None:
    world = World(setting=of_release("1"))
    assert DEPLOYMENTS in {child.kind for child in world.turn().changes.applied}
    world.status.pop("fingerprint", None)
    world.setting = of_release()
    assert not world.turn().renewal.is_waiting


@pytest.mark.parametrize(
    ("rollout", "is_going_on"),
    [
        (Rollout(2, 2, 2, is_there=True, is_seen=True, wanted=2), False),
        (Rollout(2, 2, 2, is_there=True, is_seen=False, wanted=2), True),
        (Rollout(3, 1, 2, is_there=True, is_seen=True, wanted=2), True),
        (Rollout(3, 1, 2, is_there=True, is_seen=True, is_complete=True, wanted=2), True),
        (Rollout(1, 1, 0, is_there=True, is_seen=True, wanted=1), True),
        (Rollout(1, 1, 0, is_there=True, is_seen=True, is_complete=True, wanted=1), False),
        (Rollout(), False),
    ],
)
def test_pods_that_fail_later_are_no_rollout(rollout: Rollout, is_going_on: bool) -> None:
    told = assess_renewal(rollout, has_served=True, is_degraded=False)
    assert told.is_going_on is is_going_on
    assert not assess_renewal(rollout, has_served=False, is_degraded=False).is_going_on


def test_a_faulty_index_goes_on_with_what_it_has_begun() -> None:
    world = settled()
    world.live[DEPLOYMENTS, "docs"]["status"]["readyReplicas"] = 0
    world.spec = {"replicas": 3}
    assert world.turn().renewal.is_going_on
