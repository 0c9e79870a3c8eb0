"""The whole operator against an API server over HTTP: what it makes, hears of, and how it ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer, unused_port

from embedding_indexes import NAMESPACE, index_body
from embedding_operator.__main__ import main
from embedding_operator.app import run
from embedding_operator.controller import WATCHED
from embedding_operator.errors import Missing, OperatorError
from embedding_operator.keyring import Keyring
from embedding_operator.names import CONFIG_MAPS, DEPLOYMENTS, INDEXES, SECRETS, Kind
from embedding_operator.settings import Settings
from http_cluster import HttpCluster
from waiting import until, until_so

SECONDS = 30
DEFAULTS = """
model: mini
encoder: {url: "http://tier:8001"}
images: {index: "registry/index:1", server: "registry/server:1"}
"""
KUBECONFIG = """
current-context: it
contexts: [{name: it, context: {cluster: it, user: it}}]
clusters: [{name: it, cluster: {server: "%s"}}]
users: [{name: it, user: {token: secret}}]
"""
DOCS = (NAMESPACE, "docs")
NAMED = Callable[[str], Settings]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NAMED:
    """Settings of an operator whose API server has the address that is given."""

    def configure(address: str) -> Settings:
        kubeconfig, defaults = tmp_path / "config", tmp_path / "defaults.yaml"
        kubeconfig.write_text(KUBECONFIG % address, encoding="utf-8")
        defaults.write_text(DEFAULTS, encoding="utf-8")
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))  # as kopf reads it
        monkeypatch.setattr(
            "kubernetes.aio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig)
        )
        return Settings(
            operator_namespace="system",
            operator_release="main",
            defaults_file=defaults,
            health_port=unused_port(),
        )

    return configure


@pytest.fixture
async def world() -> HttpCluster:
    return HttpCluster()


@pytest.fixture
async def settings(world: HttpCluster, configure: NAMED) -> AsyncIterator[Settings]:
    server = TestServer(world.make_app(), host="127.0.0.1")
    await server.start_server()
    yield configure(str(server.make_url("")).rstrip("/"))
    await server.close()


async def ask(settings: Settings, path: str) -> str:
    """What it answers on its port of health; empty while it does not listen."""
    address = f"http://127.0.0.1:{settings.health_port}{path}"
    try:
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            return await response.text()
    except aiohttp.ClientError:
        return ""


async def watching(task: asyncio.Task[None], world: HttpCluster) -> None:
    """Until every kind is watched, from when on SIGTERM is heard."""
    kinds = {kind.kind for kind in WATCHED}
    await until(lambda: task.done() or world.watched == kinds, SECONDS, "every kind is watched")
    assert not task.done(), task.exception()


async def end(task: asyncio.Task[None]) -> None:
    """As the kubelet ends a pod."""
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(SECONDS):
        await task


async def test_it_makes_what_is_there_hears_of_what_comes_and_ends_when_it_is_told(
    world: HttpCluster, settings: Settings
) -> None:
    there = world.cluster.objects
    world.cluster.add(INDEXES, index_body())
    task = asyncio.create_task(run(settings))
    await watching(task, world)
    await until(lambda: (DEPLOYMENTS, *DOCS) in there, SECONDS, "an index is made")
    assert there[INDEXES, *DOCS]["status"]["operator"] == "system/main"
    assert (SECRETS, "system", "main-operator-keys") in there
    world.cluster.add(INDEXES, index_body(name="later", uid="uid-of-later"))
    await until(lambda: (DEPLOYMENTS, NAMESPACE, "later") in there, SECONDS, "a new index is made")
    world.cluster._remove((CONFIG_MAPS, NAMESPACE, "docs-orders"))
    await until(
        lambda: (CONFIG_MAPS, NAMESPACE, "docs-orders") in there, SECONDS, "what went is put back"
    )
    assert await ask(settings, "/healthz") == "ok"

    async def are_counted() -> bool:
        text = await ask(settings, "/metrics")
        return 'watch_events_total{kind="Deployment"}' in text and 'code="200"' in text

    await until_so(are_counted, SECONDS, "calls and events are counted")
    await end(task)
    assert await ask(settings, "/healthz") == ""


async def test_keys_that_nobody_looks_after_are_told_to_the_kubelet(
    world: HttpCluster, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep(_: Keyring) -> None:
        raise KeyError("what nobody foresaw")

    monkeypatch.setattr(Keyring, "keep", keep)
    task = asyncio.create_task(run(settings))
    await watching(task, world)
    assert "keys" in await ask(settings, "/healthz")
    await end(task)


async def test_it_waits_for_our_kinds_is_well_meanwhile_and_goes_on_with_them(
    world: HttpCluster, settings: Settings
) -> None:
    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        return Missing("no such page", 404) if kind is INDEXES else None

    world.cluster.refuse = refuse
    world.cluster.add(INDEXES, index_body())
    task = asyncio.create_task(run(settings))

    async def is_well() -> bool:
        return await ask(settings, "/healthz") == "ok"

    await until_so(is_well, SECONDS, "it is well")
    assert not task.done()
    world.cluster.refuse = lambda *_: None
    await watching(task, world)
    there = world.cluster.objects
    await until(lambda: (DEPLOYMENTS, *DOCS) in there, SECONDS, "an index is made")
    await end(task)


async def test_it_waits_where_nobody_answers_and_ends_when_it_is_told(configure: NAMED) -> None:
    settings = configure(f"http://127.0.0.1:{unused_port()}")
    task = asyncio.create_task(run(settings))

    async def is_well() -> bool:
        return await ask(settings, "/healthz") == "ok"

    await until_so(is_well, SECONDS, "it is well")
    assert not task.done()
    await end(task)
    assert await ask(settings, "/healthz") == ""


def test_what_it_cannot_start_for_is_said_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPERATOR_NAMESPACE", raising=False)
    assert main() == 1
    error = capsys.readouterr().err
    assert error.startswith("cannot run:\n")
    assert "OPERATOR_NAMESPACE: Field required" in error
    assert "Traceback" not in error
