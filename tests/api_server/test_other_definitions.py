"""An operator and definitions of its kinds that are missing, older than it, or were wider."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from embedding_operator.cluster import KubernetesCluster
from embedding_operator.names import INDEXES
from embedding_operator.resources.definitions import build_definitions
from tests.api_server.conftest import OWN
from tests.api_server.programs import running_operator
from tests.api_server.settling import new_world, settle
from tests.api_server.worlds import World, connected
from tests.cluster import programs
from tests.cluster.api_servers import ApiServer, running_api_server
from tests.cluster.sites import this_site
from waiting import until, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

Change = Callable[[dict[str, Any]], object]
"""Of the properties of an EmbeddingIndex."""


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[ApiServer]:
    """An API server without our definitions, for one test alone."""
    program = programs.build_one(this_site(), programs.kubernetes(OWN))
    with running_api_server(tmp_path / "server", program) as server:
        yield server


@pytest.fixture
async def admin(bare: ApiServer) -> AsyncIterator[KubernetesCluster]:
    async with connected(bare.kubeconfig) as cluster:
        yield cluster


def define(server: ApiServer, change: Change = lambda _: None) -> None:
    """Apply the definitions, that of an EmbeddingIndex changed."""
    definitions = build_definitions()
    (version,) = definitions[0]["spec"]["versions"]
    change(version["schema"]["openAPIV3Schema"]["properties"])
    server.kubectl.apply(yaml.safe_dump_all(definitions))
    server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    published = ("get", f"--raw=/openapi/v3{INDEXES.path}")
    wait_until(lambda: server.kubectl.says(*published), 30, "the API server has our kinds")


async def test_without_definitions_it_waits_says_so_and_goes_on_when_they_come(
    bare: ApiServer, admin: KubernetesCluster, tmp_path: Path
) -> None:
    world = new_world(bare, admin)
    log = tmp_path / "operator.log"
    told = "the API server does not know embeddingindexes, embeddingindexsnapshots; apply crds/"
    with running_operator(bare, tmp_path):
        for times in (1, 2):  # at its start, and after they were taken away
            await heard(log, "waiting", told, times)
            define(bare)
            await heard(log, "waiting no longer", told, times)
            await world.put(f"docs{times}")  # the volume of one that is gone stays
            await settle(world)
            bare.kubectl("delete", "crd", "--all")


async def heard(log: Path, event: str, reason: str, times: int) -> None:
    """Wait until the operator has said something so often."""

    def is_heard() -> bool:
        lines = log.read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        told = [(each["event"], each.get("reason")) for each in entries]
        return told.count((event, reason)) == times

    await until(is_heard, 60, f"it says {event!r}", 0.1)


@pytest.mark.parametrize("field", ["replicaStatuses", "lastFailure", "resolved", "conditions"])
async def test_a_field_of_the_status_that_the_definition_does_not_know_is_left_out(
    bare: ApiServer, admin: KubernetesCluster, field: str
) -> None:
    define(bare, lambda properties: properties["status"]["properties"].pop(field))
    world = new_world(bare, admin)
    await world.put("docs")
    await world.put("wide", replicas=2)  # which SQLite does not serve
    await world.settle()  # in vain if it writes again and again
    status = (await world.read("docs"))["status"]
    assert (status["phase"], status["readyReplicas"]) == ("Running", 1)
    assert field not in status


async def test_an_index_that_cannot_be_read_any_more_says_so_and_harms_no_other(
    bare: ApiServer, admin: KubernetesCluster
) -> None:
    define(bare, lambda properties: widen(properties["spec"]["properties"]))
    world = new_world(bare, admin)
    await world.put("docs", deletionPolicy="Forget", aliases=["live"])
    define(bare)
    await world.put("other", aliases=["live"])
    await world.settle()
    assert await tell(world, "docs") == ("Failed", "False", "NotSupported")
    assert await tell(world, "other") == ("Running", "True", "Accepted")
    (why,) = [
        each["message"]
        for each in (await world.read("docs"))["status"]["conditions"]
        if each["type"] == "SpecAccepted"
    ]
    assert why.startswith("it cannot be read: spec.deletionPolicy: Input should be 'Retain'")
    await world.put("docs", deletionPolicy="Retain")
    await world.settle()
    assert await tell(world, "docs") == ("Running", "True", "Accepted")


def widen(properties: dict[str, Any]) -> None:
    del properties["deletionPolicy"]["enum"]


async def tell(world: World, name: str) -> tuple[str, str, str]:
    """Phase, and whether the spec is accepted and why."""
    status = (await world.read(name))["status"]
    (accepted,) = [each for each in status["conditions"] if each["type"] == "SpecAccepted"]
    return status["phase"], accepted["status"], accepted["reason"]
