"""An operator that is killed between any two things it does ends where one that lives on ends."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from embedding_operator.cluster import KubernetesCluster
from embedding_operator.errors import Refused
from embedding_operator.names import CHILDREN, INDEXES, SNAPSHOTS
from tests.api_server.mortals import Killed, Life
from tests.api_server.worlds import World
from tests.cluster.api_servers import ApiServer

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(3600)]

RUNS = int(os.environ.get("OPERATOR_LIVES", "100"))
SEED = int(os.environ.get("OPERATOR_SEED", "0")) or random.SystemRandom().randrange(2**32)
AT_ONCE = 4
REST = timedelta(minutes=3)
"""After which an index without pods is swept; all steps together last less than a snapshot may."""
LONGEST = 40
"""Calls of the longest life; a pass that makes an index takes about thirty."""

Step = Callable[[World], Awaitable[object]]
POSTGRESQL = {
    "database": {"type": "PostgreSQL", "postgresql": {"secret": {"name": "db"}}},
    "deletionPolicy": "Delete",
}
SPECS: tuple[dict[str, Any], ...] = (
    {},
    {"replicas": 0},
    {"aliases": ["people", "everybody"], "auth": {"mode": "None"}},
    {"ingress": {"host": "example.test"}, "auth": {"mode": "None"}, "aliases": ["people"]},
    {**POSTGRESQL, "replicas": 3},
    {**POSTGRESQL, "replicas": 2, "podTemplate": {"env": [{"name": "A", "value": "b"}]}},
    {**POSTGRESQL, "replicas": 0},
    {"deletionPolicy": "SnapshotThenDelete"},
    {"paused": True},
    {"engine": {"type": "HNSW", "hnsw": {"m": 16}}},
    {"resources": {"limits": {"memory": "1Gi"}}},
    {"podTemplate": {"priorityClassName": "not-allowed"}},
)


async def test_lives_of_any_length_end_where_one_long_life_does(
    server: ApiServer, cluster: KubernetesCluster
) -> None:
    seeds = iter(range(SEED, SEED + RUNS))

    async def live_on() -> None:
        for seed in seeds:
            steps = choose_steps(random.Random(seed))  # noqa: S311  no secret
            calm = await live(server, cluster, steps, None)
            wild = await live(server, cluster, steps, random.Random(seed))  # noqa: S311
            assert list(differences(wild, calm)) == [], f"OPERATOR_SEED={seed} OPERATOR_LIVES=1"

    async with asyncio.TaskGroup() as lives:
        for _ in range(AT_ONCE):
            lives.create_task(live_on())


async def live(
    server: ApiServer,
    cluster: KubernetesCluster,
    steps: list[Step],
    fate: random.Random | None,
) -> object:
    """What is there in the end; `fate` says when the operator dies, None never."""
    name = f"w-{uuid4().hex[:12]}"
    await asyncio.to_thread(server.kubectl, "create", "namespace", name)
    world = World(cluster, name)
    for step in steps:
        await step(world)
        for rest in (timedelta(), REST):
            world.now += rest
            if fate is not None:
                await die_often(world, fate)
            await world.settle()
    assert await world.settle() == []
    return await world.picture()


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Each place where both differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from differences(one.get(key), other.get(key), f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}/{place}")
    elif one != other:
        yield f"{path}: {one!r} is not {other!r}"


async def die_often(world: World, fate: random.Random) -> None:
    for _ in range(fate.randrange(1, 6)):
        life = Life(fate.randrange(1, LONGEST), is_last_done=fate.random() < 0.5)
        try:
            await world.settle(life)
        except Killed:
            continue


def choose_steps(chance: random.Random) -> list[Step]:
    return [Chosen(chance) for _ in range(chance.randrange(3, 8))]


class Chosen:
    """Something that a person does, or that happens; the same in every world."""

    def __init__(self, chance: random.Random) -> None:
        self.index = chance.choice(("one", "two"))
        self.spec = chance.choice(SPECS)
        self.kind = chance.choice(CHILDREN)
        self.what = chance.choices(
            ("put", "snapshot", "unsnapshot", "drift", "lose", "take"), (6, 3, 1, 2, 1, 1)
        )[0]

    async def __call__(self, world: World) -> None:
        match self.what:
            case "put":
                await self._put(world)
            case "snapshot":
                await world.ask_snapshot(f"{self.index}-asked", self.index)
            case "unsnapshot":
                await world.take(SNAPSHOTS, f"{self.index}-asked")
            case "drift":
                await world.take(self.kind, self.index)
            case "lose":
                await world.kubelet.lose_pods()
            case "take":
                await world.take(INDEXES, self.index)

    @property
    def _spec(self) -> dict[str, Any]:
        """Aliases are the index's own: which of two made in one second is newer, chance says."""
        aliases = [f"{alias}-{self.index}" for alias in self.spec.get("aliases", ())]
        return {**self.spec, "aliases": aliases} if aliases else dict(self.spec)

    async def _put(self, world: World) -> None:
        """The API server refuses some changes, the same ones in every world."""
        with suppress(Refused):
            await world.put(self.index, **self._spec)
