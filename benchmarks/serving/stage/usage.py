"""What a server and all its processes have taken."""

import psutil

from benchmarks import memory


def measure_cpu(pid: int) -> float:
    """Seconds of cores, those of its processes that have ended included."""
    process = psutil.Process(pid)
    return sum(map(_take_times, (process, *process.children(recursive=True))))


def measure_memory(pid: int) -> float:
    """MiB of proportional set size: pages that several processes share are counted once."""
    return memory.measure(pid) / 2**20


def _take_times(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
