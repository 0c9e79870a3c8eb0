"""A scripted API server, and the operator's own client of it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from embedding_operator.cluster import KubernetesCluster, load_configuration
from scripted_server import KUBECONFIG, Server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    await server.http.start_server()
    yield server
    server.is_over.set()
    await server.http.close()


@pytest.fixture
def calls() -> list[tuple[str, int]]:
    """Verb and status of each call that was counted."""
    return []


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    """Writes what KUBECONFIG names; nothing is there yet."""
    path = tmp_path / "config"
    monkeypatch.setattr("kubernetes.aio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    return lambda content: path.write_text(content, encoding="utf-8")


@pytest.fixture
async def cluster(
    server: Server, calls: list[tuple[str, int]], keep: Callable[[str], object]
) -> AsyncIterator[KubernetesCluster]:
    """As the operator makes one."""
    keep(KUBECONFIG % str(server.http.make_url("")).rstrip("/"))

    def count(verb: str, status: int) -> None:
        calls.append((verb, status))

    cluster = KubernetesCluster(await load_configuration(), count, agent="me")
    yield cluster
    await cluster.close()
