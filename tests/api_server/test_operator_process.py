"""The operator's process, with kopf, against an API server that judges every call."""

import os
from pathlib import Path
from uuid import uuid4

import pytest

from embedding_operator.cluster import KubernetesCluster
from embedding_operator.names import DEPLOYMENTS, INDEXES, SERVICES, Kind
from embedding_operator.resources.objects import Manifest
from tests.api_server.programs import count_lines, list_writes, running_operator
from tests.api_server.worlds import World
from tests.cluster.api_servers import ApiServer
from waiting import until, until_so, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

INDEXES_MADE = 50
STEADY = float(os.environ.get("STEADY_SECONDS", "75"))
"""Seconds: longer than the minute after which each index gets a pass anyway."""


async def test_fifty_indexes_at_rest_are_not_written_to(
    server: ApiServer, cluster: KubernetesCluster, tmp_path: Path
) -> None:
    world = new_world(server, cluster)
    for number in range(INDEXES_MADE):
        await world.put(f"i{number}")
    with running_operator(server, tmp_path, world.namespace):
        await rest(server, world)
        mark = count_lines(server)
        with pytest.raises(TimeoutError):
            await until(
                lambda: bool(list_writes(server, world.namespace, mark)), STEADY, "a write", 1.0
            )
        assert list_writes(server, world.namespace, mark) == []


async def test_what_somebody_changes_or_takes_is_put_back(
    server: ApiServer, cluster: KubernetesCluster, tmp_path: Path
) -> None:
    world = new_world(server, cluster)
    await world.put("docs")
    with running_operator(server, tmp_path, world.namespace):
        await settle(world)
        where = f"--namespace={world.namespace}"
        server.kubectl("delete", "service/docs", where)
        await seen(world, SERVICES)
        server.kubectl("scale", "deployment/docs", "--replicas=5", where)
        wait_until(
            lambda: server.kubectl.get("deployment/docs", where)["spec"]["replicas"] == 1,
            30,
            "the Deployment is put back",
        )
        server.kubectl("annotate", "deployment/docs", "somebody=else", where)
        await rest(server, world)  # the Deployment that was put back is another generation
        mark = count_lines(server)
        server.kubectl("annotate", "deployment/docs", "somebody=other", "--overwrite", where)

        def touches() -> list[str]:
            writes = list_writes(server, world.namespace, mark)
            return [write for write in writes if "/deployments/" in write]

        with pytest.raises(TimeoutError):
            await until(lambda: bool(touches()), 3, "a write of the Deployment", 0.5)


async def test_of_two_operators_one_claims_an_index_and_the_other_leaves_it(
    server: ApiServer, cluster: KubernetesCluster, tmp_path: Path
) -> None:
    world = new_world(server, cluster)
    (tmp_path / "other").mkdir()
    with (
        running_operator(server, tmp_path, world.namespace, "one"),
        running_operator(server, tmp_path / "other", world.namespace, "two"),
    ):
        await world.put("docs")
        await seen(world, DEPLOYMENTS)
        await settle(world)
        owner = (await world.read("docs"))["status"]["operator"]
    assert owner in {"default/one", "default/two"}
    writers = {
        line.partition("fieldManager=gpu-embedding-operator/default/")[2].partition("&")[0]
        for line in list_writes(server, world.namespace)
        if "/deployments/" in line
    }
    assert writers == {owner.rpartition("/")[2]}


def new_world(server: ApiServer, cluster: KubernetesCluster) -> World:
    name = f"w-{uuid4().hex[:12]}"
    server.kubectl("create", "namespace", name)
    return World(cluster, name)


async def settle(world: World) -> None:
    """Play the kubelet until every index is ready."""

    async def are_ready() -> bool:
        await world.kubelet.step()
        bodies = [body async for body in world.cluster.list(INDEXES, world.namespace)]
        return bool(bodies) and all(map(is_at_rest, bodies))

    await until_so(are_ready, 120, "every index is ready")


def is_at_rest(body: Manifest) -> bool:
    conditions = body.get("status", {}).get("conditions", ())
    told = {each["type"]: each["status"] for each in conditions}
    return (told.get("Ready"), told.get("Progressing")) == ("True", "False")


async def rest(server: ApiServer, world: World) -> None:
    """Until five seconds have gone by without a write: what was seen last is told by then."""
    known = -1

    async def is_quiet() -> bool:
        nonlocal known
        before, known = known, len(list_writes(server, world.namespace))
        return known == before

    await settle(world)
    await until_so(is_quiet, 120, "the operator has told what it saw", pause=5.0)


async def seen(world: World, kind: Kind) -> None:
    """Wait until there is an object of a kind."""

    async def is_there() -> bool:
        return bool([each async for each in world.cluster.list(kind, world.namespace)])

    await until_so(is_there, 60, f"there is a {kind.kind}")
