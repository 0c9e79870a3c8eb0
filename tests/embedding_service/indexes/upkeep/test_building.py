"""The workshop: a real child builds, and leaves nothing behind however it ends."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from blueprints import HNSW, IVF
from embedding_service.environment import child_environment
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.files import DamagedSegment
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep import building
from embedding_service.indexes.upkeep.builder import Order, write_json
from embedding_service.indexes.upkeep.building import (
    BuildFailed,
    Workshop,
    WorkshopClosed,
)
from kept_index import KeptIndex
from waiting import wait_until

SECONDS = 60.0
ROWS = 2_000
SUPPORT = Path(__file__).parents[3] / "support"
_HOLD = """
import os, sys
sys.path.insert(0, sys.argv[2])
from embedding_service.indexes.upkeep.building import Workshop
from pathlib import Path
Workshop(Path(sys.argv[1]), {}, 1)
print("here", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def segment() -> Sealed:
    return concatenate(KeptIndex(rows=ROWS).view.state.parts)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    environment = child_environment()
    environment["PYTHONPATH"] += os.pathsep + str(SUPPORT)
    opened = Workshop(tmp_path / "building", environment, threads=1)
    yield opened
    opened.close()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def children() -> list[psutil.Process]:
    """Builders of this process; each test process has its own."""
    found = psutil.Process().children()
    return [each for each in found if "upkeep.builder" in " ".join(each.cmdline())]


@contextmanager
def a_small_disk(size: int) -> Iterator[None]:
    """No file of this process, or of a child started meanwhile, grows beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("blueprint", [HNSW, IVF])
def test_a_built_segment_has_the_same_rows_and_what_was_measured(
    workshop: Workshop, segment: Sealed, blueprint: Blueprint
) -> None:
    stored = workshop.store(segment)
    built = workshop.build(stored, blueprint)
    workshop.discard(stored)
    assert (built.segment.engine, built.segment.made_for) == (blueprint.engine, blueprint)
    assert np.array_equal(built.segment.keys, segment.keys)
    assert np.array_equal(built.segment.versions, segment.versions)
    assert np.array_equal(built.segment.matrix, segment.matrix)
    assert list(built.segment.ids) == list(segment.ids)
    assert built.segment.columns.keys() == segment.columns.keys()
    assert 0.5 < built.recall <= 1
    assert built.segment.reach is not None


def test_a_stored_segment_is_mapped_and_readable_after_its_files_are_gone(
    workshop: Workshop, segment: Sealed, tmp_path: Path
) -> None:
    stored = workshop.store(segment)
    assert isinstance(stored.segment.matrix, np.memmap)
    workshop.discard(stored)
    assert files_in(tmp_path) == []
    assert np.array_equal(stored.segment.matrix, segment.matrix)


def test_a_damaged_file_is_not_built_from(workshop: Workshop, segment: Sealed) -> None:
    stored = workshop.store(segment)
    path = stored.folder / "vectors.f32"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(BuildFailed, match=r"ended with 1: .*DamagedSegment.*vectors\.f32"):
        workshop.build(stored, HNSW)


def test_what_is_left_of_a_built_segment_is_checked(
    workshop: Workshop, segment: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = workshop.store(segment)
    run = workshop._run

    def run_and_damage(order: Order) -> object:
        outcome = run(order)
        (Path(order.target) / "index.faiss").write_bytes(b"no graph")
        return outcome

    monkeypatch.setattr(workshop, "_run", run_and_damage)
    with pytest.raises(DamagedSegment, match=r"index\.faiss"):
        workshop.build(stored, HNSW)


def test_a_bad_order_ends_the_child_with_its_reason(workshop: Workshop, segment: Sealed) -> None:
    few = concatenate(KeptIndex(rows=20).view.state.parts)
    with pytest.raises(BuildFailed, match="no ivf is built over 20 rows") as caught:
        workshop.build(workshop.store(few), IVF)
    assert "Traceback" in caught.value.__notes__[0]


def test_a_full_disk_ends_the_child_with_its_reason(
    workshop: Workshop, segment: Sealed, tmp_path: Path
) -> None:
    stored = workshop.store(segment)
    with a_small_disk(100_000), pytest.raises(BuildFailed, match="File too large"):
        workshop.build(stored, HNSW)
    workshop.discard(stored)
    assert files_in(tmp_path) == []
    stored = workshop.store(segment)  # there is room again
    assert workshop.build(stored, HNSW).segment.engine is Engine.HNSW


def test_what_finds_no_room_to_be_stored_leaves_nothing(
    workshop: Workshop, segment: Sealed, tmp_path: Path
) -> None:
    with a_small_disk(20_000), pytest.raises(OSError, match="File too large"):
        workshop.store(segment)
    assert files_in(tmp_path) == []


def test_a_killed_child_is_told_by_its_signal(workshop: Workshop, segment: Sealed) -> None:
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(workshop.build, workshop.store(segment), HNSW)
        (child,) = wait_until(children, SECONDS, "a child")
        child.kill()
        with pytest.raises(BuildFailed, match=f"ended with {-signal.SIGKILL}"):
            building.result(SECONDS)


def test_what_a_gpu_ends_is_built_without_it(
    workshop: Workshop, segment: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_PROGRAM", "builder_without_gpu")
    monkeypatch.setattr(building, "is_gpu_build", lambda: True)
    built = workshop.build(workshop.store(segment), IVF)
    assert built.segment.engine is Engine.IVF
    assert built.device == "cpu"
    assert built.fallback == "the builder ended with -6: details: CUDA error 2 out of memory"


def test_what_needs_no_gpu_is_built_without_asking_for_one(
    workshop: Workshop, segment: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_PROGRAM", "builder_without_gpu")
    monkeypatch.setattr(building, "is_gpu_build", lambda: True)
    assert workshop.build(workshop.store(segment), HNSW).fallback is None


def test_a_machine_without_a_gpu_is_no_failure(
    workshop: Workshop, segment: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "is_gpu_build", lambda: True)
    workshop._environment = {**child_environment(), "CUDA_VISIBLE_DEVICES": ""}
    built = workshop.build(workshop.store(segment), IVF)
    assert (built.device, built.fallback) == ("cpu", None)


def test_stopping_ends_the_child_at_once(workshop: Workshop, segment: Sealed) -> None:
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(workshop.build, workshop.store(segment), HNSW)
        (child,) = wait_until(children, SECONDS, "a child")
        child.suspend()  # would never end of itself
        workshop.stop()
        with pytest.raises(WorkshopClosed):
            building.result(SECONDS)
    assert children() == []
    with pytest.raises(WorkshopClosed):
        workshop.build(workshop.store(segment), HNSW)


def test_a_closed_workshop_leaves_no_file(tmp_path: Path, segment: Sealed) -> None:
    workshop = Workshop(tmp_path / "building", child_environment(), threads=1)
    workshop.store(segment)
    workshop.close()
    workshop.close()
    assert list((tmp_path / "building").iterdir()) == []


def test_a_child_ends_with_its_parent(workshop: Workshop, segment: Sealed) -> None:
    stored = workshop.store(segment)
    target = stored.folder.parent / "built"
    order = Order(str(stored.folder), stored.digests, str(target), HNSW, 1)
    theirs, ours = os.pipe()
    os.close(ours)  # as the kernel does when a process is gone
    module = "embedding_service.indexes.upkeep.builder"
    done = subprocess.run(
        [sys.executable, "-m", module, write_json(order).decode()],
        check=False,
        stdin=theirs,
        capture_output=True,
        env=child_environment(),
        timeout=SECONDS,
    )
    os.close(theirs)
    assert done.returncode == 1
    assert done.stdout == b""


def test_files_of_a_process_that_is_gone_are_removed(tmp_path: Path, segment: Sealed) -> None:
    folder = tmp_path / "building"
    left = folder / "left" / "flat"
    left.mkdir(parents=True)
    (left / "vectors.f32").write_bytes(b"old")
    workshop = Workshop(folder, child_environment(), threads=1)
    assert files_in(folder) == []
    workshop.close()


def test_files_of_a_living_process_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "building"
    root = child_environment()["PYTHONPATH"].partition(os.pathsep)[0]
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder), root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"here\n"
        (theirs,) = folder.iterdir()
        Workshop(folder, child_environment(), threads=1).close()
        assert list(folder.iterdir()) == [theirs]
        other.kill()
    Workshop(folder, child_environment(), threads=1).close()
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_used_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RecordUnavailable, match=r"file/building cannot be used: .*; set DATA_DIR"):
        Workshop(tmp_path / "file" / "building", {}, threads=1)


def test_a_builder_that_cannot_be_started_is_an_error_of_the_system(
    workshop: Workshop, segment: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = workshop.store(segment)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError):
        workshop.build(stored, HNSW)
