from pathlib import Path

import pytest

from embedding_service.indexes.errors import OutOfSpace
from embedding_service.indexes.headroom import Headroom, Scarce

MIB = 1 << 20


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """A machine of 1,000 MiB, 800 of them free."""
    path = tmp_path / "meminfo"
    path.write_text("MemTotal: 1024000 kB\nMemFree: 1 kB\nMemAvailable: 819200 kB\nHugePages: 0\n")
    return path


@pytest.fixture
def cgroup(tmp_path: Path) -> Path:
    folder = tmp_path / "cgroup"
    (folder / "memory").mkdir(parents=True)
    return folder


def limit(cgroup: Path, largest: str, used: int, stale: int) -> None:
    (cgroup / "memory.max").write_text(f"{largest}\n")
    (cgroup / "memory.current").write_text(f"{used}\n")
    (cgroup / "memory.stat").write_text(f"anon 1\ninactive_file {stale}\n")


def test_without_a_limit_the_machine_s_memory_counts(cgroup: Path, memory: Path) -> None:
    headroom = Headroom(None, cgroup, memory)
    headroom.check(749 * MIB)
    with pytest.raises(OutOfSpace, match="800 of 1,000 MiB are free, and 5% must be"):
        headroom.check(751 * MIB)


def test_a_container_has_what_its_limit_leaves(cgroup: Path, memory: Path) -> None:
    limit(cgroup, str(400 * MIB), used=200 * MIB, stale=50 * MIB)
    headroom = Headroom(None, cgroup, memory)
    headroom.check(229 * MIB)
    with pytest.raises(OutOfSpace, match="250 of 400 MiB are free"):
        headroom.check(231 * MIB)


@pytest.mark.parametrize("largest", ["max", str(1 << 62)])
def test_a_limit_that_is_none_is_no_limit(cgroup: Path, memory: Path, largest: str) -> None:
    limit(cgroup, largest, used=10**12, stale=0)
    Headroom(None, cgroup, memory).check(700 * MIB)


def test_the_first_version_of_cgroups_is_read_too(cgroup: Path, memory: Path) -> None:
    (cgroup / "memory/memory.limit_in_bytes").write_text(str(100 * MIB))
    (cgroup / "memory/memory.usage_in_bytes").write_text(str(90 * MIB))
    (cgroup / "memory/memory.stat").write_text(f"total_inactive_file {20 * MIB}\n")
    headroom = Headroom(None, cgroup, memory)
    headroom.check(24 * MIB)
    with pytest.raises(OutOfSpace, match="30 of 100 MiB are free"):
        headroom.check(26 * MIB)


def test_a_disk_that_would_be_full_is_not_written_to(
    cgroup: Path, memory: Path, tmp_path: Path
) -> None:
    headroom = Headroom(tmp_path, cgroup, memory)
    headroom.check(0)
    memory.write_text(f"MemTotal: {1 << 50} kB\nMemAvailable: {1 << 50} kB\n")
    with pytest.raises(OutOfSpace, match="no disk for more documents"):
        headroom.check(1 << 58)


def test_what_there_is_too_little_of_is_named(cgroup: Path, memory: Path, tmp_path: Path) -> None:
    headroom = Headroom(tmp_path, cgroup, memory)
    assert headroom.find_shortage() is None
    shortage = headroom.find_shortage(751 * MIB)
    assert shortage is not None
    assert shortage.of is Scarce.MEMORY
    memory.write_text(f"MemTotal: {1 << 50} kB\nMemAvailable: {1 << 50} kB\n")
    shortage = headroom.find_shortage(1 << 58)
    assert shortage is not None
    assert shortage.of is Scarce.DISK


def test_a_system_that_does_not_tell_its_memory_is_trusted(tmp_path: Path) -> None:
    Headroom(None, tmp_path, tmp_path / "nowhere").check(1 << 50)


def test_this_machine_can_be_asked() -> None:
    Headroom(Path.cwd()).check(0)
