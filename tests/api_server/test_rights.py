"""The operator does what its rules allow, and its rules allow nothing that it does not do."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from embedding_operator.cluster import KubernetesCluster
from embedding_operator.keyring import REPLACED_AFTER, USED_AFTER, Keyring
from embedding_operator.names import (
    AUTOSCALERS,
    CHILDREN,
    CLAIMS,
    DEPLOYMENTS,
    EVENTS,
    INDEXES,
    JOBS,
    PODS,
    SERVICES,
    SNAPSHOTS,
    Kind,
)
from embedding_operator.resources.objects import Manifest
from tests.api_server.programs import running_operator
from tests.api_server.rights import (
    RELEASE,
    Account,
    Right,
    install,
    list_forbidden,
    list_given,
    list_used,
)
from tests.api_server.settling import gone, new_world, seen, settle
from tests.api_server.worlds import World, connected
from tests.cluster.api_servers import ApiServer

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

OPEN = {"ingress": {"host": "search.test"}, "auth": {"mode": "None"}}
POSTGRESQL = {"type": "PostgreSQL", "postgresql": {"secret": {"name": "db"}}}
MINUTELY = {"schedule": "* * * * *", "retention": {"count": 1, "age": "1m"}}
UNTOLD = Right("gpu-embedding.io", "embeddingindexes/finalizers", "update")
"""What admission asks for, in no call of its own."""


@pytest.fixture
def account(server: ApiServer, tmp_path: Path) -> Account:
    return install(server, tmp_path)


@asynccontextmanager
async def acting(
    server: ApiServer, cluster: KubernetesCluster, account: Account
) -> AsyncIterator[World]:
    """A world in which the operator is `account`, and everybody else an administrator."""
    async with connected(account.kubeconfig) as own:
        world = new_world(server, cluster)
        world.acting = own
        yield world


async def test_each_right_is_used_and_none_is_missing(
    server: ApiServer, cluster: KubernetesCluster, account: Account, tmp_path: Path
) -> None:
    async with acting(server, cluster, account) as world:
        await keep_keys(world, account)
        await make_and_change(world)
        await rest(world)
        await scale(world)
        await wait_for_a_secret(world)
        await tidy_up(world)
        await delete(world)
    watched = new_world(server, cluster)
    with running_operator(server, tmp_path, account=account):
        await watched.put("docs")
        await seen(watched, DEPLOYMENTS)
        await settle(watched)
    assert list_forbidden(server, account) == []
    used = list_used(server, account) | {UNTOLD}
    assert name(list_given() - used) == [], "rules that nothing uses"
    assert name(used - list_given()) == [], "calls that another rule allows"


async def test_children_cannot_be_made_without_the_right_to_hold_up_an_index(
    server: ApiServer, cluster: KubernetesCluster, tmp_path: Path
) -> None:
    account = install(server, tmp_path, "unheld", without=UNTOLD)
    async with acting(server, cluster, account) as world:
        await world.put("docs")
        await world.settle()
        (degraded,) = [
            each
            for each in (await world.read("docs"))["status"]["conditions"]
            if each["type"] == "Degraded"
        ]
    assert degraded["reason"] == "ChildRefused"
    assert "cannot set blockOwnerDeletion" in degraded["message"]


async def test_with_rights_in_two_namespaces_alone_it_works_there_and_nowhere_else(
    server: ApiServer, cluster: KubernetesCluster, tmp_path: Path
) -> None:
    *watched, other = (new_world(server, cluster) for _ in range(3))
    names = [world.namespace for world in watched]
    account = install(server, tmp_path, "narrow", names)
    with running_operator(server, tmp_path, ",".join(names), account):
        for world in (*watched, other):
            await world.put("docs", deletionPolicy="Delete")
        for world in watched:
            await settle(world)
            await world.take(INDEXES, "docs")
            await gone(world, INDEXES)
    assert set(await other.read("docs")).isdisjoint({"status"})
    assert [kind.kind for kind in CHILDREN if await list_all(other, kind)] == []


def name(rights: set[Right]) -> list[str]:
    return sorted(f"{right.group}/{right.resource}: {right.verb}" for right in rights)


async def keep_keys(world: World, account: Account) -> None:
    """Made, and replaced when they are old."""
    secret = f"{RELEASE}-operator-keys"
    keyring = Keyring(world.acting, account.namespace, secret, lambda: world.now)
    await keyring.look()
    world.now += REPLACED_AFTER + USED_AFTER
    await keyring.look()
    world.now = datetime.now(UTC)


async def make_and_change(world: World) -> None:
    """Children made, changed by others, no longer wanted; snapshots by a schedule, and too many."""
    await world.put("docs", **OPEN, aliases=["catalogue"], snapshots=MINUTELY)
    await world.settle()
    await world.take(SERVICES, "docs")
    await world.settle()
    for _ in range(3):
        world.now += timedelta(minutes=1)
        await world.settle()
    await world.put("docs", snapshots=MINUTELY)
    await world.settle()


async def rest(world: World) -> None:
    """Without pods, for a while."""
    await world.put("docs", replicas=0)
    await world.settle()
    world.now += timedelta(minutes=3)
    await world.settle()
    assert await list_all(world, JOBS)
    await world.put("docs")
    await world.settle()
    assert await list_all(world, JOBS) == []


async def scale(world: World) -> None:
    """With an autoscaler of somebody else's."""
    scaling = {"min": 2, "max": 4, "targets": {"inFlight": 8}}
    await world.put("wide", database=POSTGRESQL, autoscaling=scaling, deletionPolicy="Delete")
    target = {"apiVersion": INDEXES.api, "kind": INDEXES.kind, "name": "wide"}
    await apply(world, AUTOSCALERS, {"scaleTargetRef": target, "maxReplicas": 3})
    await world.settle()


async def wait_for_a_secret(world: World) -> None:
    """A pod that waits, as its events tell."""
    waiting = {"name": "server", "image": "none", "imageID": "", "ready": False, "restartCount": 0}
    state = {"waiting": {"reason": "ContainerCreating"}}
    status = {"phase": "Pending", "containerStatuses": [{**waiting, "state": state}]}
    pod = {"apiVersion": PODS.api, "kind": PODS.kind, "status": status}
    metadata = {"name": "docs-0", "namespace": world.namespace}
    await world.cluster.apply_status(PODS, {**pod, "metadata": metadata}, "kubelet")
    await world.settle()
    await world.kubelet.lose_pods()
    await world.settle()


async def tidy_up(world: World) -> None:
    """What is the index's own, under names that it does not want any more."""
    for kind in CHILDREN:
        if kind is CLAIMS:  # which may hold what nobody else has
            continue
        async for body in world.cluster.list(kind, world.namespace):
            await world.cluster.create(kind, rename(body), "somebody")
    await world.settle()


def rename(body: Mapping[str, Any]) -> dict[str, Any]:
    meta = body["metadata"]
    kept = {key: meta[key] for key in ("namespace", "labels", "ownerReferences")}
    spec = {k: v for k, v in body.get("spec", {}).items() if not k.startswith("clusterIP")}
    whole = {key: value for key, value in body.items() if key not in ("metadata", "status", "spec")}
    renamed = {**whole, "metadata": {**kept, "name": f"{meta['name']}-old"}}
    return {**renamed, **({"spec": spec} if spec else {})}


async def delete(world: World) -> None:
    """Under each policy."""
    await world.put("gone", deletionPolicy="Delete")
    await world.put("last", deletionPolicy="SnapshotThenDelete")
    await world.settle()
    for name in ("gone", "last", "wide", "docs"):
        await world.take(INDEXES, name)
        await world.settle()
    assert await list_all(world, INDEXES) == []
    snapshots = await list_all(world, SNAPSHOTS)
    assert any("-last-" in each["metadata"]["name"] for each in snapshots)
    assert await list_all(world, EVENTS)


async def list_all(world: World, kind: Kind) -> list[Manifest]:
    return [each async for each in world.cluster.list(kind, world.namespace)]


async def apply(world: World, kind: Kind, spec: Mapping[str, Any]) -> None:
    body = {
        "apiVersion": kind.api,
        "kind": kind.kind,
        "metadata": {"name": "others", "namespace": world.namespace},
        "spec": spec,
    }
    await world.cluster.apply(kind, body, "somebody")
