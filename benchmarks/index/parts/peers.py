"""Ours, Chroma and LanceDB inside a process: adds, and what a search finds in what time."""

from pathlib import Path

from benchmarks.index.peers.__main__ import NAMES
from benchmarks.index.peers.running import count_syncs, run
from benchmarks.index.scales import Scale
from benchmarks.results import Result


def measure(scale: Scale, _folder: Path) -> Result:
    """Each in a process of its own; a curve by the name of each (see peers/__main__.py)."""
    result = Result()
    for name in NAMES:
        done = run(name, scale.rows, scale.queries)
        result.figures |= {f"{name}_{key}": value for key, value in done.figures.items()}
        result.curves[name] = done.curves["efforts"]
        syncs = count_syncs(name)
        if syncs is not None:
            result.figures[f"{name}_syncs"] = syncs
    if f"{NAMES[0]}_syncs" not in result.figures:
        result.notes["syncs"] = "not counted: strace is not installed"
    return result
