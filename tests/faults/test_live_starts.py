"""Starts that cannot be, or not as asked for: said in a sentence, and what can be done is."""

import socket
from pathlib import Path

import pytest

from live_server import launch, running_server
from metric_samples import sample
from tiny_models import BERT, tiny_model


def has_avx2() -> bool:
    """Whether this is Linux on such a processor; elsewhere nothing tells OpenBLAS."""
    told = Path("/proc/cpuinfo")
    return told.exists() and " avx2 " in told.read_text()


def test_a_model_that_cannot_be_loaded_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    server = launch(
        tmp_path, {"EMBEDDING_MODEL": str(tmp_path / "nowhere"), "LOG_FORMAT": "console"}
    )
    assert server.wait_for_exit() == 1
    assert "nowhere" in server.log
    assert "Traceback" not in server.log


@pytest.mark.skipif(Path("/dev/nvidia0").exists(), reason="it is about machines without a GPU")
def test_cuda_alone_is_refused_where_there_is_no_gpu(tmp_path: Path) -> None:
    server = launch(tmp_path, {"EMBEDDING_MODEL": str(tiny_model(BERT)), "DEVICE": "cuda"})
    assert server.wait_for_exit(100) == 1
    assert "no usable CUDA device" in server.log
    assert "Traceback" not in server.log


@pytest.mark.skipif(Path("/dev/nvidia0").exists(), reason="it is about machines without a GPU")
def test_without_a_gpu_the_cpu_does_it_and_that_is_said_loudly(tmp_path: Path) -> None:
    with running_server(tmp_path, EMBEDDING_MODEL=str(tiny_model(BERT))) as server:
        with server.http() as http:
            health = http.get("/health").json()
            assert health["device"] == "cpu"
            assert "no usable CUDA device" in health["fallback"]
            assert sample(http, "embedding_cpu_fallback") == 1
        assert "NO GPU" in server.log


def test_bad_settings_are_all_listed_and_end_the_start(tmp_path: Path) -> None:
    server = launch(tmp_path, {"SERVICE_PORT": "none", "MAX_TEXTS": "0", "DEVICE": "abacus"})
    assert server.wait_for_exit() == 1
    for name in ("SERVICE_PORT", "MAX_TEXTS", "DEVICE"):
        assert name in server.log
    assert "Traceback" not in server.log


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = launch(tmp_path, {"EMBEDDING_MODEL": "hashing:8", "SERVICE_PORT": str(port)})
        assert server.wait_for_exit() == 1
    assert "SERVICE_PORT" in server.log
    assert "Traceback" not in server.log


@pytest.mark.skipif(not has_avx2(), reason="without AVX2 OpenBLAS's oldest code is the right one")
def test_openblas_computes_with_what_the_processor_has(tmp_path: Path) -> None:
    with running_server(tmp_path, EMBEDDING_MODEL="hashing:8", OPENBLAS_VERBOSE="2") as server:
        assert "Core: " in server.log
        assert "Core: Prescott" not in server.log
