"""Restores in a process that is killed in the middle of it.

    dying_restorer.py DATA_DIR BODY NUMBER

BODY is that of /restore, asked of index `books`; the process dies right after the NUMBERth write to
the record, of BATCH documents at most.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from embedding_service.indexes import restoration
from embedding_service.indexes.records.record import Record
from served_indexes import serve

BATCH = 50
"""Documents of one write: a few writes are enough then."""


def main() -> None:
    folder, body, last = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
    writes = count(1)

    def mortal(write: Callable[..., Any]) -> Callable[..., Any]:
        def written(*args: Any, **named: Any) -> Any:
            committed = write(*args, **named)
            if next(writes) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return committed

        return written

    setattr(restoration, "_BATCH", BATCH)  # noqa: B010  it is final elsewhere
    for name in ("put", "remove"):
        setattr(Record, name, mortal(getattr(Record, name)))
    asyncio.run(_restore(folder, body))


async def _restore(folder: Path, body: dict[str, Any]) -> None:
    async with serve(folder) as service:
        await service.end("/books/restore", body)


if __name__ == "__main__":
    main()
