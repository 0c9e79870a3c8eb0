import sys
from typing import Literal

import pytest

from embedding_service.cli.checks.driver import Driver, Gpu, ask_driver, judge_driver, parse_gpus
from embedding_service.cli.checks.finding import Level
from embedding_service.settings import Settings

H200 = Gpu("NVIDIA H200", "580.95.05", 143_771 * 2**20)


def run_python(code: str) -> Driver:
    return ask_driver([sys.executable, "-c", code])


def test_lines_of_nvidia_smi_are_gpus() -> None:
    text = "NVIDIA H200, 580.95.05, 143771\n\nNVIDIA L4, 580.95.05, [N/A]\n"
    assert parse_gpus(text) == (H200,)


def test_a_driver_that_answers_is_heard() -> None:
    assert run_python("print('NVIDIA H200, 580.95.05, 143771')") == Driver((H200,))


def test_a_driver_that_is_not_there_is_told() -> None:
    assert ask_driver(["no-such-nvidia-smi"]).failure == "no-such-nvidia-smi is not installed"


def test_a_driver_that_fails_is_told_in_its_own_words() -> None:
    code = "import sys; print('NVIDIA-SMI has failed\\nmore'); sys.exit(9)"
    assert run_python(code).failure == "NVIDIA-SMI has failed"


def test_a_driver_that_fails_silently_is_told() -> None:
    assert (run_python("import sys; sys.exit(9)").failure or "").endswith("ended with 9")


def test_a_driver_that_cannot_be_run_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("folder")
    assert "does not work" in (ask_driver([str(folder)]).failure or "")


def test_a_gpu_is_good_news() -> None:
    finding = judge_driver(Driver((H200,)), Settings())
    assert (finding.level, finding.message) == (Level.OK, "580.95.05: NVIDIA H200")


@pytest.mark.parametrize(
    ("device", "level"),
    [("auto", Level.WARNING), ("cuda", Level.FAILED), ("cpu", Level.OK)],
)
def test_no_gpu_is_as_bad_as_it_is_wanted(
    device: Literal["auto", "cuda", "cpu"], level: Level
) -> None:
    finding = judge_driver(Driver(failure="nvidia-smi is not installed"), Settings(device=device))
    assert finding.level is level
    assert "nvidia-smi is not installed" in finding.message
    assert ("--gpus all" in finding.advice) == (device != "cpu")


def test_a_driver_without_gpus_is_told() -> None:
    assert "nvidia-smi lists no GPU" in judge_driver(Driver(), Settings()).message
