import sys
from typing import Literal

import pytest

from embedding_service.cli.checks.cuda import (
    Device,
    Torch,
    ask_torch,
    judge_cuda,
    judge_memory,
    judge_torch,
)
from embedding_service.cli.checks.driver import Driver, Gpu
from embedding_service.cli.checks.finding import Finding, Level
from embedding_service.settings import Settings

GIB = 2**30
DRIVER = Driver((Gpu("NVIDIA L4", "580.1", 24 * GIB),))
DEVICE = Device("NVIDIA L4", 20 * GIB, 24 * GIB)
WORKING = Torch("2.15.0", "13.0", (DEVICE,))
FACTS = '{"version": "2.15.0", "cuda": "13.0", "devices": [{"name": "NVIDIA L4", ' + (
    f'"free": {20 * GIB}, "total": {24 * GIB}' + '}], "failure": null}'
)


def run_python(code: str) -> Torch:
    return ask_torch([sys.executable, "-c", code])


def judge(torch: Torch, driver: Driver = DRIVER) -> Finding:
    return judge_cuda(torch, driver, Settings(cuda_visible_devices="0"))


def test_torch_says_what_it_sees() -> None:
    assert run_python(f"print('noise'); print('''{FACTS}''')") == WORKING


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import no_such_torch", "No module named 'no_such_torch'"),
        ("import os; os._exit(7)", "Python ended with 7"),
        ("print('[]')", "Python ended with 0"),
        ("print('{}')", "Python ended with 0"),
    ],
)
def test_a_torch_that_breaks_is_told(code: str, told: str) -> None:
    torch = run_python(code)
    assert torch.version is None
    assert told in (torch.failure or "")


def test_a_python_that_is_not_there_is_told() -> None:
    assert "no-such-python" in (ask_torch(["no-such-python"]).failure or "")


@pytest.mark.real_model
@pytest.mark.usefixtures("uncovered")
def test_the_installed_torch_can_be_asked() -> None:
    assert judge_torch(ask_torch()).level is Level.OK


def test_a_torch_that_cannot_be_imported_cannot_serve() -> None:
    finding = judge_torch(Torch(failure="libc.so is missing"))
    assert finding.level is Level.FAILED
    assert "libc.so is missing" in finding.message
    assert "pip install" in finding.advice


@pytest.mark.parametrize(("cuda", "told"), [("13.0", "CUDA 13.0"), (None, "the CPU alone")])
def test_a_torch_says_what_it_was_built_for(cuda: str | None, told: str) -> None:
    finding = judge_torch(Torch("2.15.0", cuda))
    assert (finding.level, told in finding.message) == (Level.OK, True)


def test_a_gpu_that_computes_is_good_news() -> None:
    finding = judge(WORKING)
    assert (finding.level, finding.message) == (Level.OK, "torch computes on NVIDIA L4")


def test_nothing_is_amiss_where_no_gpu_is_wanted() -> None:
    assert judge_cuda(Torch("2"), Driver(), Settings(device="cpu")).level is Level.OK


@pytest.mark.parametrize(("device", "level"), [("auto", Level.WARNING), ("cuda", Level.FAILED)])
def test_no_gpu_is_as_bad_as_it_is_wanted(device: Literal["auto", "cuda"], level: Level) -> None:
    finding = judge_cuda(Torch("2", "13.0"), Driver(), Settings(device=device))
    assert finding.level is level
    assert "torch.cuda.is_available() is false" in finding.message


def test_a_gpu_that_cannot_compute_is_told_apart() -> None:
    finding = judge(Torch("2", "13.0", (DEVICE,), "no kernel image is available"))
    assert "cannot compute on it: no kernel image" in finding.message


def test_a_torch_without_cuda_beside_a_gpu_is_told() -> None:
    assert "gpu-embedding[gpu]" in judge(Torch("2", None)).advice


@pytest.mark.parametrize(("failure", "told"), [(None, "false"), ("driver too old", "too old")])
def test_a_gpu_that_torch_does_not_see_names_the_usual_causes(
    failure: str | None, told: str
) -> None:
    finding = judge(Torch("2", "13.0", failure=failure))
    assert finding.message.endswith(told)
    assert "CUDA_VISIBLE_DEVICES (0)" in finding.advice
    assert "580.1) is new enough for CUDA 13.0" in finding.advice


def test_there_is_no_device_memory_without_a_device() -> None:
    assert judge_memory(Torch("2")) is None


def test_enough_device_memory_is_good_news() -> None:
    finding = judge_memory(WORKING)
    assert finding is not None
    assert (finding.level, finding.message) == (Level.OK, "NVIDIA L4: 20.0 GiB free of 24.0 GiB")


def test_little_device_memory_names_the_ways_out() -> None:
    finding = judge_memory(Torch("2", "13.0", (DEVICE, Device("NVIDIA L4", GIB, 24 * GIB))))
    assert finding is not None
    assert finding.level is Level.WARNING
    assert "all-MiniLM-L6-v2" in finding.advice
    assert "MAX_BATCH_TOKENS" in finding.advice
