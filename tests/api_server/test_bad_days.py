"""Whatever the API server does to its operator: in the end all is as without it, and quiet."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from embedding_operator.cluster import KubernetesCluster
from embedding_operator.names import INDEXES, SERVICES
from tests.api_server import faults
from tests.api_server.faults import Fault
from tests.api_server.programs import running_operator
from tests.api_server.proxies import Proxy, running_proxy
from tests.api_server.rights import install, lead
from tests.api_server.settling import new_world, rest, settle
from tests.api_server.worlds import World
from tests.cluster.api_servers import ApiServer
from waiting import until, until_so

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

OPEN = {"ingress": {"host": "search.test"}, "auth": {"mode": "None"}}
SHARED = {
    "database": {"type": "PostgreSQL", "postgresql": {"secret": {"name": "db"}}},
    "storage": {"type": "S3", "s3": {"bucket": "snapshots"}},
}
WHILE_AWAY = 20
"""Calls in vain, before it is back."""
Picture = dict[str, Any]


@pytest.fixture(scope="module")
def pictures() -> dict[str, Picture]:
    """Of a life without a fault, once it has been lived."""
    return {}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(faults.Slow(), id="answers-are-slow"),
        pytest.param(faults.Cut(), id="watches-are-cut"),
        pytest.param(faults.Expired(), id="watches-expire"),
        pytest.param(faults.Expired(500), id="watches-end-in-an-error"),
        pytest.param(faults.Doubled(), id="events-come-twice"),
        pytest.param(faults.Dropped(), id="events-do-not-come"),
        pytest.param(faults.Swapped(), id="events-come-late"),
        pytest.param(faults.Refusing(409), id="409"),
        pytest.param(faults.Refusing(410), id="410"),
        pytest.param(faults.Refusing(429, {"Retry-After": "1"}), id="429"),
        pytest.param(faults.Refusing(500), id="500"),
        pytest.param(faults.Refusing(503), id="503"),
        pytest.param(faults.Away(), id="it-is-away"),
    ],
)
async def test_after_a_bad_day_all_is_as_without_it(
    server: ApiServer,
    cluster: KubernetesCluster,
    tmp_path: Path,
    pictures: dict[str, Picture],
    fault: Fault,
) -> None:
    if not pictures:
        pictures["good"] = await live(server, cluster, tmp_path, Fault())
    assert await live(server, cluster, tmp_path, fault, pictures["good"]) == pictures["good"]


async def live(
    server: ApiServer,
    cluster: KubernetesCluster,
    folder: Path,
    fault: Fault,
    expected: Picture | None = None,
) -> Picture:
    """What is there after indexes were made, changed and deleted, by people and others."""
    account = install(server, folder)
    with running_proxy(server) as proxy:
        led = lead(account, proxy.url)
        world = new_world(server, cluster)
        with running_operator(server, folder, world.namespace, led, RESYNC="5") as operator:
            await world.put("docs", **OPEN, aliases=["catalogue"])
            await world.put("gone")
            await settle(world)
            proxy.become(fault)
            await change(world)
            await endure(proxy, fault)
            assert tell_health(operator.address) == (200, "ok")
            if expected is not None:
                await come_to(world, expected)
            await settle(world)
            proxy.become(Fault())
            await rest(server, world)
            assert tell_health(operator.address) == (200, "ok")
            return forget_failures(await world.picture())


async def change(world: World) -> None:
    await world.put("wide", **SHARED, replicas=2)
    await world.put("docs", **OPEN, aliases=["shop"])
    await world.take(SERVICES, "docs")
    await world.take(INDEXES, "gone")


def forget_failures(picture: Picture) -> Picture:
    """Without what was wrong last, which stays when it is over."""
    for body in picture.values():
        body.get("status", {}).pop("lastFailure", None)
    return picture


async def endure(proxy: Proxy, fault: Fault) -> None:
    if fault.is_away:
        await until(lambda: proxy.calls > WHILE_AWAY, 60, "it is called in vain")
        proxy.become(Fault())


async def come_to(world: World, expected: Picture) -> None:
    """Play the kubelet until the world looks so; or in vain, which the test then shows."""

    async def is_there() -> bool:
        await world.kubelet.step()
        return forget_failures(await world.picture()) == expected

    try:
        await until_so(is_there, 90, "it is as it is to be", pause=1.0)
    except TimeoutError:
        return


def tell_health(address: str) -> tuple[int, str]:
    answer = httpx.get(f"{address}/healthz")
    return answer.status_code, answer.text
