"""Writes batches until it kills itself, once for each of some points, and tells what it was told.

    dying_writer.py URL FOLDER UID ACKNOWLEDGED POINT...

POINT n dies before the n-th statement or commit of a process that opens the record (which may
have to make its tables, and the index), puts a batch, puts it again and removes half of it, over
and over. Each acknowledged write is a line in the file
ACKNOWLEDGED: `put NAME` or `halve NAME`.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, event

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.errors import Conflict
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota

ROWS = 16


def build_ids(name: str) -> list[str]:
    return [f"{name}/{row}" for row in range(ROWS)]


def main() -> None:
    url, folder, uid, acknowledged, *points = sys.argv[1:]
    for point in points:
        child = os.fork()
        if child == 0:
            try:
                with Path(acknowledged).open("a", buffering=1) as told:
                    _write_until(int(point), url, Path(folder), uid, told.write)
            finally:
                os._exit(1)
        os.waitpid(child, 0)


def _write_until(
    point: int, url: str, folder: Path, uid: str, tell: Callable[[str], object]
) -> None:
    steps = itertools.count(1)

    def step(*_: object) -> None:
        if next(steps) == point:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    record = open_record(url, folder)
    with suppress(Conflict):
        record.create(Definition(uid=uid, name=uid, dimension=3))
    for batch in itertools.count():
        name = f"{point}-{batch}"
        ids = build_ids(name)
        texts = [name] * ROWS
        puts = Puts(ids, texts, [None] * ROWS, np.full((ROWS, 3), batch, np.float32))
        for _ in range(2):
            record.put(uid, puts, Quota(0, 0))
            tell(f"put {name}\n")
        record.remove(uid, ids[: ROWS // 2])
        tell(f"halve {name}\n")


if __name__ == "__main__":
    main()
