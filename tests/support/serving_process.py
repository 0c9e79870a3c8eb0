"""Serves indexes in one process after the other, and does what it is told over a pipe.

    serving_process.py DESCRIPTOR URL FOLDER

See serving_messages.py. A fork for each, because starting Python takes far longer than the rest.
"""

import asyncio
import os
import signal
import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from operator import attrgetter
from pathlib import Path
from typing import Any

from embedding_service.jobs.requests import JobFacts
from mortality import Fate, make_forgetful, make_quiet, make_small
from places import Place
from retrievals import OpenIndexes, open_archive, open_indexes
from serving_messages import Call, Ended, Raised

_ROWS_OF_A_SEGMENT = 4
_SNAPSHOTS_KEPT = 1_000


def main() -> None:
    pipe, place = Connection(int(sys.argv[1])), Place(sys.argv[2], Path(sys.argv[3]))
    fate = Fate()
    fate.install()
    make_small(_ROWS_OF_A_SEGMENT)
    make_forgetful()
    make_quiet()
    with suppress(EOFError):
        while pipe.recv():
            if (child := os.fork()) == 0:
                os._exit(_live(pipe, place, fate))
            _, status = os.waitpid(child, 0)
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # what it was building
            place.wait_until_alone()
            pipe.send(Ended(os.waitstatus_to_exitcode(status)))


def _live(pipe: Connection, place: Place, fate: Fate) -> int:
    os.setpgid(0, 0)
    try:
        asyncio.run(_serve(pipe, place, fate))
    except EOFError:  # whoever asks is gone
        return 0
    except BaseException:  # noqa: BLE001  nothing of this process may go on in its parent's name
        traceback.print_exc()
        return 1
    return 0


async def _serve(pipe: Connection, place: Place, fate: Fate) -> None:
    archive = open_archive(place.folder, _SNAPSHOTS_KEPT)
    async with open_indexes(place.folder, place.url, archive=archive) as opened:
        pipe.send(os.getpid())
        while isinstance(call := await asyncio.to_thread(pipe.recv), Call):
            fate.arm(call.point)
            answer = await _answer(opened, call)
            fate.arm(None)
            pipe.send(answer)


async def _answer(opened: OpenIndexes, call: Call) -> Any:
    try:
        answer = await attrgetter(call.path)(opened)(*call.arguments, **call.named)
        return await opened.end_of(answer) if isinstance(answer, JobFacts) else answer
    except Exception:  # noqa: BLE001  it is told to whoever asked
        return Raised(traceback.format_exc())


if __name__ == "__main__":
    main()
