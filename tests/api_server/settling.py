"""Until an operator's process has done what there is to do, while a test plays the kubelet."""

from uuid import uuid4

from embedding_operator.cluster import Cluster
from embedding_operator.names import INDEXES, Kind
from embedding_operator.reasons import Reason
from embedding_operator.resources.objects import Manifest
from tests.api_server.programs import list_writes
from tests.api_server.worlds import World
from tests.cluster.api_servers import ApiServer
from waiting import until_so


def new_world(server: ApiServer, cluster: Cluster) -> World:
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


async def told(world: World, reason: Reason) -> None:
    """Wait until every index is told to be degraded for a reason."""

    async def is_told() -> bool:
        bodies = [body async for body in world.cluster.list(INDEXES, world.namespace)]
        return all(reason in find_reasons(body) for body in bodies)

    await until_so(is_told, 180, f"every index is told to be {reason}", pause=1.0)


def find_reasons(body: Manifest) -> set[str]:
    return {each["reason"] for each in body.get("status", {}).get("conditions", ())}


async def seen(world: World, kind: Kind) -> None:
    """Wait until there is an object of a kind."""

    async def is_there() -> bool:
        return bool([each async for each in world.cluster.list(kind, world.namespace)])

    await until_so(is_there, 60, f"there is a {kind.kind}")


async def gone(world: World, kind: Kind) -> None:
    """Wait until there is none of a kind."""

    async def is_gone() -> bool:
        return not [each async for each in world.cluster.list(kind, world.namespace)]

    await until_so(is_gone, 60, f"there is no {kind.kind}")
