"""Memory of processes that share pages: a worker's weights are its host's."""

from collections.abc import Iterable
from pathlib import Path

_KIB = 1024
_OWN = Path("/proc/self/smaps_rollup")


def resident_bytes(pids: Iterable[int]) -> int | None:
    """Proportional set size of all `pids` together; None where the kernel does not tell.

    Read from smaps_rollup, see proc(5).
    """
    if not _OWN.exists():
        return None
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (ProcessLookupError, FileNotFoundError):
            continue  # it has just ended
        except OSError:
            return None
        total += sum(
            int(line.split()[1]) * _KIB for line in rollup.splitlines() if line.startswith("Pss:")
        )
    return total
