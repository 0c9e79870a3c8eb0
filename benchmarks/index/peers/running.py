"""Runs the measurement of one index in a child, and counts what it makes durable."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.index.peers.__main__ import AT_ONCE
from benchmarks.programs import build_environment
from benchmarks.results import Result

_PROGRAM: Final = "benchmarks.index.peers"
_CALLS: Final = "fsync,fdatasync,msync,sync,syncfs,sync_file_range"
_BATCHES: Final = 20
_SECONDS: Final = 1_200.0


def run(name: str, rows: int, queries: int) -> Result:
    """Measure the index `name` in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gpu-embedding-bench-") as folder:
        return _run((), name, Path(folder), rows, queries)


def count_syncs(name: str) -> float | None:
    """Calls of the fsync kind for each add of 256 rows; None where there is no strace.

    What a run without an add does is taken off.
    """
    if shutil.which("strace") is None:
        return None
    return (_trace(name, _BATCHES) - _trace(name, 0)) / _BATCHES


def _trace(name: str, batches: int) -> int:
    with tempfile.TemporaryDirectory(prefix="gpu-embedding-bench-") as folder:
        trace = Path(folder) / "trace"
        strace = ["strace", "-f", "-qq", "-e", f"trace={_CALLS}", "-e", "signal=none"]
        where = Path(folder) / "index"
        where.mkdir()
        _run((*strace, "-o", str(trace)), name, where, batches * AT_ONCE, 0)
        # A call that another thread's interrupts has two lines, of which one is `resumed`.
        lines = trace.read_text(errors="replace").splitlines()
        return sum("resumed" not in line for line in lines)


def _run(before: Sequence[str], name: str, folder: Path, rows: int, queries: int) -> Result:
    done = subprocess.run(
        [*before, sys.executable, "-m", _PROGRAM, name, str(folder), str(rows), str(queries)],
        env=build_environment(LANCE_LOG="error", RUST_LOG="error"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return Result(**json.loads(done.stdout.splitlines()[-1]))
