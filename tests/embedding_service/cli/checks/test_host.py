from pathlib import Path

import pytest

from embedding_service.cli.checks.finding import Level
from embedding_service.cli.checks.host import Memory, judge_cores, judge_memory, read_memory

GIB = 2**30
MEMINFO = f"MemTotal: {16 * 2**20} kB\nMemFree: 1 kB\nMemAvailable: {8 * 2**20} kB\nNothing:\n"


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    path = tmp_path / "meminfo"
    path.write_text(MEMINFO)
    return path


def limit(folder: Path, names: tuple[str, str], most: str, used: int) -> Path:
    for name, content in zip(names, (most, str(used)), strict=True):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{content}\n")
    return folder


V2 = ("memory.max", "memory.current")
V1 = ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")


def test_without_a_container_it_is_the_hosts_memory(meminfo: Path, tmp_path: Path) -> None:
    assert read_memory(meminfo, tmp_path) == Memory(16 * GIB, 8 * GIB, is_limited=False)


@pytest.mark.parametrize("names", [V1, V2])
def test_a_containers_limit_counts(meminfo: Path, tmp_path: Path, names: tuple[str, str]) -> None:
    limit(tmp_path, names, str(4 * GIB), GIB)
    assert read_memory(meminfo, tmp_path) == Memory(4 * GIB, 3 * GIB, is_limited=True)


def test_a_container_cannot_have_more_than_the_host_has_left(meminfo: Path, tmp_path: Path) -> None:
    limit(tmp_path, V2, str(12 * GIB), GIB)
    assert read_memory(meminfo, tmp_path) == Memory(12 * GIB, 8 * GIB, is_limited=True)


@pytest.mark.parametrize("most", ["max", str(2**62)])
def test_no_limit_is_no_limit(meminfo: Path, tmp_path: Path, most: str) -> None:
    limit(tmp_path, V2, most, GIB)
    assert read_memory(meminfo, tmp_path) == Memory(16 * GIB, 8 * GIB, is_limited=False)


@pytest.mark.parametrize("content", ["", "MemTotal: many kB\n"])
def test_a_system_that_does_not_tell_is_no_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "meminfo").write_text(content)
    assert read_memory(tmp_path / "meminfo", tmp_path) is None


def test_this_machine_tells() -> None:
    assert judge_memory(read_memory()).subject == "memory"


@pytest.mark.parametrize(
    ("memory", "level", "told"),
    [
        (None, Level.WARNING, "does not tell"),
        (Memory(16 * GIB, 8 * GIB, False), Level.OK, "8.0 GiB available of the host's 16.0 GiB"),
        (Memory(2 * GIB, GIB, True), Level.WARNING, "of the container's 2.0 GiB"),
    ],
)
def test_memory_is_judged_by_what_is_left(memory: Memory | None, level: Level, told: str) -> None:
    finding = judge_memory(memory)
    assert finding.level is level
    assert told in finding.message


@pytest.mark.parametrize(
    ("usable", "present", "wanted", "level", "told"),
    [
        (4, 4, 4, Level.OK, "4 usable"),
        (2, 64, 2, Level.OK, "2 usable of the host's 64: a container's limit"),
        (2, 64, 4, Level.WARNING, "workers of a model have 4 threads"),
    ],
)
def test_cores_are_judged_by_the_workers(
    usable: int, present: int, wanted: int, level: Level, told: str
) -> None:
    finding = judge_cores(usable, wanted, present)
    assert finding.level is level
    assert told in finding.message


def test_this_machine_has_cores() -> None:
    assert judge_cores(1, 1).level is Level.OK
