"""The operator's process, with kopf, against an API server that judges every call."""

import os
from pathlib import Path

import pytest

from embedding_operator.cluster import KubernetesCluster
from embedding_operator.names import DEPLOYMENTS, SERVICES
from embedding_operator.reasons import Reason
from tests.api_server.programs import count_lines, list_writers, list_writes, running_operator
from tests.api_server.rights import RELEASE, install
from tests.api_server.settling import new_world, rest, seen, settle, told
from tests.cluster.api_servers import ApiServer
from waiting import until, wait_until

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
        await settle(world)
        await told(world, Reason.PODS_UNREACHABLE)  # as they are: they exist on paper
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
    other = tmp_path / "other"
    other.mkdir()
    one, two = install(server, tmp_path, "one"), install(server, other, "two")
    with (
        running_operator(server, tmp_path, world.namespace, one),
        running_operator(server, other, world.namespace, two),
    ):
        await world.put("docs")
        await seen(world, DEPLOYMENTS)
        await settle(world)
        owner = (await world.read("docs"))["status"]["operator"]
    assert owner in {f"one/{RELEASE}", f"two/{RELEASE}"}
    mine = two if owner.startswith("two/") else one
    assert list_writers(server, world.namespace, "/deployments/") == {mine.user}
