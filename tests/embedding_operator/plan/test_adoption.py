"""Whose data an index gets: nobody's by what its spec alone says."""

from typing import Any

import pytest

from embedding_indexes import NOW, POSTGRESQL, S3, SHARED, UID, an_index, wanted
from embedding_operator.children.metadata import DATA
from embedding_operator.names import CLAIMS, DEPLOYMENTS
from embedding_operator.observe.observation import ChildKey, Claims
from embedding_operator.plan.children import Changes, list_children, mark
from embedding_operator.resources.objects import Manifest
from embedding_operator.resources.times import write_time
from observed import keep
from plan_passes import World

OLD = "0f6e2a34-aaaa-4bbb-8ccc-000000000009"
TAKING: dict[str, Any] = {"bootstrap": {"retained": OLD}}
VOLUMES = {"storage": {"type": "Volume", "volume": {}}}


def left(name: str = "docs", uid: str = OLD) -> dict[ChildKey, Manifest]:
    """The volumes that an index leaves under Retain."""
    children = list_children(wanted(VOLUMES, name=name, uid=uid), "system", is_open=True)
    return {key: body for key, body in keep(map(mark, children)).items() if key[0] is CLAIMS}


def uid_of_pods(world: World) -> str | None:
    """What the pods that are asked for would be told to serve."""
    deployment = world.live.get((DEPLOYMENTS, "docs"))
    if deployment is None:
        return None
    (server,) = deployment["spec"]["template"]["spec"]["containers"]
    (told,) = [each["value"] for each in server["env"] if each["name"] == "INDEX_UID"]
    return str(told)


def test_an_index_has_its_own_data() -> None:
    world = World()
    world.settle()
    assert world.index.status.data_uid == UID
    assert uid_of_pods(world) == f"team/{UID}"
    assert world.live[CLAIMS, "docs-data"]["metadata"]["labels"][DATA] == UID


def test_a_volume_that_was_left_is_taken_over_with_its_data() -> None:
    world = World({**TAKING, **VOLUMES}, live=left())
    world.settle()
    assert world.told()["SpecAccepted"] == ("True", "Accepted")
    assert (world.index.status.data_uid, world.index.key) == (OLD, f"team/{OLD}")
    assert uid_of_pods(world) == f"team/{OLD}"


def test_nothing_is_done_with_data_before_its_snapshots_are_known() -> None:
    world = World({**TAKING, "replicas": 0}, live=left())
    planned = world.turn()
    assert (planned.changes, planned.snapshots, planned.requeue_after) == (Changes(), (), 2)
    assert planned.status.data_uid == OLD


def test_a_volume_is_taken_over_again_by_the_same_word() -> None:
    first = World(TAKING, live=left())
    first.settle()
    volumes = {key: body for key, body in first.live.items() if key[0] is CLAIMS}
    second = World(TAKING, meta={"uid": "uid-of-the-third"}, live=volumes)
    second.settle()
    assert second.told()["SpecAccepted"] == ("True", "Accepted")
    assert uid_of_pods(second) == f"team/{OLD}"


def test_a_takeover_that_was_cut_off_goes_on() -> None:
    world = World(TAKING, live=left())
    world.turn()
    world.turn()
    world.status = {}
    world.settle()
    assert uid_of_pods(world) == f"team/{OLD}"


@pytest.mark.parametrize(
    "live",
    [
        pytest.param({}, id="no volume"),
        pytest.param(left("other"), id="another name's"),
        pytest.param(left(uid="elder"), id="another's data"),
    ],
)
@pytest.mark.parametrize("spec", [{}, {"storage": S3, "deletionPolicy": "Delete"}])
def test_what_no_volume_under_its_name_says_is_refused(
    spec: dict[str, Any], live: dict[ChildKey, Manifest]
) -> None:
    world = World({**TAKING, **spec}, live=dict(live))
    world.settle()
    assert world.told()["SpecAccepted"] == ("False", "RetainedNotFound")
    assert uid_of_pods(world) is None
    assert world.index.key == f"team/{UID}"


@pytest.mark.parametrize("spec", [{"database": POSTGRESQL}, SHARED])
def test_rows_in_postgresql_are_never_taken_over(spec: dict[str, Any]) -> None:
    world = World({**TAKING, **spec}, live=left())
    world.settle()
    assert world.told()["SpecAccepted"] == ("False", "NotSupported")
    assert uid_of_pods(world) is None


@pytest.mark.parametrize("uid", [OLD, "holder"])
def test_data_that_another_index_has_is_not_taken_over(uid: str) -> None:
    live = left()
    live[CLAIMS, "docs-data"]["metadata"]["labels"]["gpu-embedding.io/index-uid"] = "holder"
    world = World(TAKING, live=live, claims=Claims(data=frozenset({uid})))
    world.settle()
    assert world.told()["SpecAccepted"] == ("False", "RetainedNotFound")
    assert uid_of_pods(world) is None


@pytest.mark.parametrize("replicas", [0, 1])
def test_the_end_of_an_index_that_was_refused_is_the_end_of_nothing_else(replicas: int) -> None:
    spec = {**TAKING, **SHARED, "replicas": replicas, "deletionPolicy": "Delete"}
    world = World(spec, live=left())
    world.settle()
    world.meta = {"deletionTimestamp": write_time(NOW)}
    world.turn()
    assert uid_of_pods(world) in (None, f"team/{UID}")
    assert world.index.key == f"team/{UID}"


def test_a_paused_index_takes_nothing_over_yet() -> None:
    world = World({**TAKING, "paused": True}, live=left())
    world.settle()
    assert world.index.status.data_uid is None
    world.spec = TAKING
    world.settle()
    assert world.index.status.data_uid == OLD


def test_what_was_taken_over_stays_whatever_becomes_of_the_volumes_label() -> None:
    index = an_index(TAKING, {"dataUid": OLD})
    assert index.key == f"team/{OLD}"
    world = World(TAKING, live=left())
    world.settle()
    world.live[CLAIMS, "docs-data"]["metadata"]["labels"][DATA] = "somebody"
    world.settle()
    assert world.live[CLAIMS, "docs-data"]["metadata"]["labels"][DATA] == OLD
