"""Jobs that sweep an index without pods, as an API server takes them."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from embedding_operator.cluster import KubernetesCluster
from embedding_operator.names import JOBS, SNAPSHOTS
from tests.api_server.worlds import World
from tests.cluster.api_servers import ApiServer

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

REST = timedelta(minutes=3)
HOURS = timedelta(hours=8)


async def rest(world: World, time: timedelta) -> list[str]:
    """Names of the Jobs that there are then, where nothing is left to do."""
    world.now += time
    await world.settle()
    assert await world.settle() == []
    found = [each async for each in world.cluster.list(JOBS, world.namespace)]
    return sorted(each["metadata"]["name"] for each in found)


async def test_jobs_come_stay_and_go(server: ApiServer, cluster: KubernetesCluster) -> None:
    name = f"w-{uuid4().hex[:12]}"
    await asyncio.to_thread(server.kubectl, "create", "namespace", name)
    world = World(cluster, name)
    await world.put("one")
    await world.settle()
    for each in ("first", "second"):
        await world.ask_snapshot(each, "one")
        await world.settle()
    await world.put("one", replicas=0)
    assert await rest(world, timedelta()) == []
    assert await rest(world, REST) == ["one-sweep"]
    before = (await cluster.get(JOBS, name, "one-sweep"))["metadata"]["uid"]
    await world.take(SNAPSHOTS, "first")
    assert await rest(world, REST) == ["one-sweep"]
    assert (await cluster.get(JOBS, name, "one-sweep"))["metadata"]["uid"] != before
    assert await rest(world, HOURS) == ["one-sweep", "one-sweep-again"]
    await world.put("one", replicas=1)
    assert await rest(world, timedelta()) == []
