"""A machine without a GPU says so; of one that has it, the peak is known."""

from pathlib import Path

import pytest

from benchmarks.serving.parts.gpu import find_gpu, find_peak, measure
from benchmarks.serving.scales import SMALL


@pytest.mark.parametrize(
    ("name", "peak"), [("NVIDIA H100 80GB HBM3", 989), ("NVIDIA L40S", 181), ("NVIDIA T4", 0)]
)
def test_a_peak_is_known_by_name(name: str, peak: float) -> None:
    assert find_peak(name) == peak


@pytest.mark.skipif(find_gpu() is not None, reason="here is one")
def test_without_a_gpu_nothing_is_measured(tmp_path: Path) -> None:
    assert measure(SMALL, tmp_path).lacking == "there is no NVIDIA GPU here"
