"""Whether there is a GPU, by the driver's device files."""

from pathlib import Path

import pytest

from embedding_service.inference.gpus import has_nvidia_gpu


@pytest.mark.parametrize(
    ("name", "is_there"), [("nvidia0", True), ("dxg", True), ("nvidiactl", False), ("null", False)]
)
def test_a_device_file_tells(tmp_path: Path, name: str, *, is_there: bool) -> None:
    (tmp_path / name).touch()
    assert has_nvidia_gpu(tmp_path) is is_there
