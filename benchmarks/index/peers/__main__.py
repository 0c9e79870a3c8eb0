"""Measures one index in a process of its own.

    python -m benchmarks.index.peers NAME FOLDER ROWS QUERIES

One line of JSON on stdout: a Result. QUERIES 0 only adds.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from benchmarks.index.loads import Call, time_calls
from benchmarks.index.peers.peer import Peer
from benchmarks.index.points import make_queries, make_rows
from benchmarks.index.scales import DIMENSION, K
from benchmarks.index.truth import compute_recall, find_nearest
from benchmarks.results import Result
from embedding_service.vectors import Matrix

AT_ONCE: Final = 256
"""Rows of one add."""


def measure(peer: Peer, rows: Matrix, queries: Matrix) -> Result:
    """Adds, what building takes, and recall, latency and rate by effort.

    The curve `efforts` has points (effort, recall, p50 in ms from one thread, queries/s from as
    many threads as there are cores).
    """
    result = Result()
    result.figures["adds_per_second"] = _add(peer, rows)
    if not len(queries):
        return result
    began = time.perf_counter()
    peer.build()
    result.figures["build_seconds"] = time.perf_counter() - began
    nearest = find_nearest(rows, queries, K)
    numbers = range(len(queries))

    def make() -> Call:
        return lambda number: peer.search(queries[number], K)

    points: list[list[float]] = []
    for effort in peer.efforts:
        peer.prepare(effort)
        recall = compute_recall([peer.search(query, K) for query in queries], nearest)
        alone = time_calls(make, numbers).milliseconds(50)
        together = time_calls(make, [*numbers, *numbers], threads=os.cpu_count() or 1)
        points.append([effort, recall, alone, together.per_second])
    result.curves["efforts"] = points
    return result


def open_peer(name: str, folder: Path) -> Peer:
    """An empty index called so."""
    return _PEERS[name](folder)


def _add(peer: Peer, rows: Matrix) -> float:
    """Rows in a second."""
    began = time.perf_counter()
    for first in range(0, len(rows), AT_ONCE):
        peer.add(first, rows[first : first + AT_ONCE])
    return len(rows) / max(time.perf_counter() - began, 1e-9)


def _open_ours(folder: Path) -> Peer:
    from benchmarks.index.peers.ours import Ours  # noqa: PLC0415  each without the others

    return Ours(folder)


def _open_chroma(folder: Path) -> Peer:
    from benchmarks.index.peers.chroma import Chroma  # noqa: PLC0415

    return Chroma(folder)


def _open_lance(folder: Path) -> Peer:
    from benchmarks.index.peers.lance import Lance  # noqa: PLC0415

    return Lance(folder)


_PEERS: Final[Mapping[str, Callable[[Path], Peer]]] = {
    "ours": _open_ours,
    "chroma": _open_chroma,
    "lancedb": _open_lance,
}
NAMES: Final = tuple(_PEERS)


def main(name: str, folder: str, rows: str, queries: str) -> None:
    """Print what came of it."""
    peer = open_peer(name, Path(folder))
    result = measure(peer, make_rows(int(rows), DIMENSION), make_queries(int(queries), DIMENSION))
    peer.close()
    sys.stdout.write(json.dumps(asdict(result)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
