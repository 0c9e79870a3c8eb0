"""How many CPU cores this process may really use: a container's limit, not the host's size."""

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = _CGROUP) -> int:
    """Cores by scheduler affinity and the cgroup's CPU quota, 1 at least.

    The quota is `cpu.max` in cgroup v2, `cpu.cfs_quota_us` in v1 (kernel manual, "CPU").
    """
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    quota = _read_quota(cgroup)
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def _read_quota(cgroup: Path) -> float | None:
    try:
        if (limit := cgroup / "cpu.max").exists():
            quota, period = limit.read_text().split()
            return None if quota == "max" else int(quota) / int(period)
        quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text()
        period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text()
    except (OSError, ValueError):
        return None
    return int(quota) / int(period) if int(quota) > 0 else None
