"""Durable adds by vector, in batches of 256: by the server and in process, on each database."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.index.loads import Call, time_calls
from benchmarks.index.peers.ours import Ours
from benchmarks.index.points import make_rows
from benchmarks.index.scales import DIMENSION, Scale
from benchmarks.index.served.index import ServedIndex
from benchmarks.index.served.postgresql import LACKING, find_binaries, running_postgresql
from benchmarks.index.served.server import serving
from benchmarks.results import Result
from embedding_service.vectors import Matrix

_AT_ONCE: Final = 256
_CONNECTIONS: Final = (1, 4)


def measure(scale: Scale, folder: Path) -> Result:
    """Rows in a second, each way."""
    rows, result = make_rows(scale.added_rows, DIMENSION), Result()
    _measure(result, "sqlite", rows, folder / "sqlite", "")
    binaries = find_binaries()
    if binaries is None:
        result.notes["postgresql"] = LACKING
        return result
    with running_postgresql(binaries) as url:
        _measure(result, "postgresql", rows, folder / "postgresql", url)
    return result


def _measure(result: Result, database: str, rows: Matrix, folder: Path, url: str) -> None:
    batches = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
    result.figures[f"{database}_catalogue"] = _add_in_process(batches, url)
    with serving(folder, **({"DATABASE_URL": url} if url else {})) as server:
        for connections in _CONNECTIONS:
            index = ServedIndex(server, f"bench-{connections}")
            index.create()
            requests = [index.build_add(n * _AT_ONCE, some) for n, some in enumerate(batches)]
            make = index.make_caller(requests)
            timings = time_calls(make, range(len(requests)), connections)
            rate = timings.per_second * _AT_ONCE
            result.figures[f"{database}_http_{connections}"] = rate


def _add_in_process(batches: Sequence[Matrix], url: str) -> float:
    with tempfile.TemporaryDirectory(prefix="gpu-embedding-bench-") as folder:
        ours = Ours(Path(folder), url)

        def make() -> Call:
            return lambda number: ours.add(number * _AT_ONCE, batches[number])

        timings = time_calls(make, range(len(batches)))
        ours.close()
        return timings.per_second * _AT_ONCE
