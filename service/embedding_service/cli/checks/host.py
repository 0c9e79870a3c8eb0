"""Cores and memory, within a container's limits."""

import os
from dataclasses import dataclass
from pathlib import Path

from embedding_service.cli.checks.finding import Finding, Level, in_gibibytes

_LITTLE_MEMORY = 3 * 2**29
_MEMORY_FILES = (
    ("memory.max", "memory.current"),  # cgroup v2
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),  # v1
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that this process may have, and those it can still get."""

    total: int
    available: int
    is_limited: bool
    """By a container's limit below the host's own."""


def judge_cores(usable: int, wanted: int, present: int | None = None) -> Finding:
    """Whether the cores do for all threads of a model's workers, of which there are `wanted`."""
    present = os.cpu_count() or usable if present is None else present
    limited = f" of the host's {present}: a container's limit" if usable < present else ""
    message = f"{usable} usable{limited}"
    if wanted <= usable:
        return Finding("cores", Level.OK, message)
    return Finding(
        "cores",
        Level.WARNING,
        f"{message}, and the workers of a model have {wanted} threads",
        "Set WORKERS=0 and WORKER_THREADS=0, which takes no more than there are, or raise the "
        "container's limit",
    )


def read_memory(
    meminfo: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")
) -> Memory | None:
    """Memory of the host, or of the container where that is less; None where nothing tells."""
    try:
        lines = (line.partition(":") for line in meminfo.read_text().splitlines())
        host = {name: int(rest.split()[0]) * 1024 for name, _, rest in lines if rest.strip()}
        total, available = host["MemTotal"], host["MemAvailable"]
    except (OSError, ValueError, KeyError):
        return None
    for limit_file, usage_file in _MEMORY_FILES:
        try:
            limit = int((cgroup / limit_file).read_text())
            usage = int((cgroup / usage_file).read_text())
        except (OSError, ValueError):  # not this version, or "max"
            continue
        if limit < total:
            return Memory(limit, min(available, max(0, limit - usage)), is_limited=True)
    return Memory(total, available, is_limited=False)


def judge_memory(memory: Memory | None) -> Finding:
    """Whether a usual model fits."""
    if memory is None:
        return Finding("memory", Level.WARNING, "this system does not tell how much there is")
    whose = "the container's" if memory.is_limited else "the host's"
    told = f"{in_gibibytes(memory.available)} available of {whose} {in_gibibytes(memory.total)}"
    if memory.available >= _LITTLE_MEMORY:
        return Finding("memory", Level.OK, told)
    return Finding(
        "memory",
        Level.WARNING,
        told,
        "The default model wants about 2.5 GiB. Give more, or take a smaller model such as "
        "all-MiniLM-L6-v2; each worker on the CPU adds about 0.25 GiB, so WORKERS=1 helps too",
    )
