"""How many CPU cores this process may really use: a container's limit, not the host's size."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def usable_cores(cgroups: Path = _CGROUPS, own: Path = _OWN) -> int:
    """Cores by scheduler affinity (cpusets are in it) and CPU quota, 1 at least.

    A part of a core counts as a whole one: a worker that is halted now and then is worth more than
    half a core that nobody uses. The smallest quota counts, of this process's own cgroup and of all
    around it that it can see: `cpu.max` in cgroup v2, `cpu.cfs_quota_us` in v1 (kernel manual,
    "CPU"). A container sees its own as the root.
    """
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quotas = [quota for folder in _folders(cgroups, own) if (quota := _read_quota(folder))]
    return max(1, min(cores, *map(math.ceil, quotas))) if quotas else cores


def _folders(cgroups: Path, own: Path) -> Iterator[Path]:
    """Where quotas may stand, the roots included."""
    yield cgroups
    yield cgroups / "cpu"
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        # Number, controllers (none in v2), path; a hybrid of both versions has a line for each.
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = cgroups / "cpu" if controllers else cgroups
        # What lies outside of its namespace is told as /../…, and cannot be seen.
        inner = Path(path.lstrip("/"))
        if ".." not in inner.parts:
            yield from (root / each for each in (inner, *inner.parents))


def _read_quota(folder: Path) -> float | None:
    """In cores; None where there is none, or none that can be read."""
    try:
        if (limit := folder / "cpu.max").exists():
            quota, period = limit.read_text().split()
            return None if quota == "max" else int(quota) / int(period)
        quota = (folder / "cpu.cfs_quota_us").read_text()
        period = (folder / "cpu.cfs_period_us").read_text()
    except (OSError, ValueError):
        return None
    return int(quota) / int(period) if int(quota) > 0 else None
