"""How soon a second process on PostgreSQL finds what the first one has acknowledged."""

import random
import time
from pathlib import Path
from typing import Final

import orjson

from benchmarks.index.loads import Timings
from benchmarks.index.points import make_rows
from benchmarks.index.scales import DIMENSION, Scale
from benchmarks.index.served.index import ServedIndex
from benchmarks.index.served.postgresql import LACKING, find_binaries, running_postgresql
from benchmarks.index.served.server import serving
from benchmarks.results import Result

_LONGEST_PAUSE: Final = 0.1
"""Seconds between two writes, at random, so that they meet every moment of the reader's period."""


def measure(scale: Scale, folder: Path) -> Result:
    """From the write's answer to that of a search with its version as `min_version`."""
    binaries = find_binaries()
    if binaries is None:
        return Result(lacking=LACKING)
    rows, pauses = make_rows(scale.writes, DIMENSION), random.Random(0)  # noqa: S311  no secret
    timings = Timings()
    with (
        running_postgresql(binaries) as url,
        serving(folder / "writer", DATABASE_URL=url) as writer,
        serving(folder / "reader", DATABASE_URL=url) as reader,
    ):
        written, read = ServedIndex(writer), ServedIndex(reader)
        written.create()
        for number, row in enumerate(rows):
            time.sleep(pauses.uniform(0, _LONGEST_PAUSE))
            answer = orjson.loads(
                written.send(written.build_add(number, rows[number : number + 1]))
            )
            acknowledged = time.perf_counter()
            search = read.build_search(row, min_version=answer["version"])
            hits = orjson.loads(read.send(search))["results"]
            timings.seconds.append(time.perf_counter() - acknowledged)
            if hits[0]["id"] != str(number):
                raise RuntimeError("the reader has answered without the write it waited for")
    result = Result()
    result.figures["p50_ms"] = timings.milliseconds(50)
    result.figures["p99_ms"] = timings.milliseconds(99)
    result.figures["writes"] = len(rows)
    return result
