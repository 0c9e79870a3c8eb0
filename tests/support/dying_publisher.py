"""Publishes one snapshot for each line of its input, in a child that comes to harm.

    dying_publisher.py URL OPTIONS WORKSPACE

`kill N` kills the child at the Nth moment before or after a step that leaves something behind;
`limit N` lets it write files of N bytes at most. The answer to each line is how the child ended:
`published`, `killed`, or the name of an error.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import ParamSpec, TypeVar

import obstore

from embedding_service.errors import ServiceError
from embedding_service.indexes.snapshots.publishing import publish
from embedding_service.indexes.snapshots.stores import open_store
from snapshot_sources import CREATED, LIBRARIES, CopiedIndex

_P = ParamSpec("_P")
_T = TypeVar("_T")


def main() -> None:
    url, options, workspace = sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3])
    for line in sys.stdin:
        harm, number = line.split()
        reading, writing = os.pipe()
        # A fork for each, because starting Python takes far longer than publishing.
        if (child := os.fork()) == 0:
            _suffer(harm, int(number))
            os.write(writing, _publish(url, options, workspace).encode())
            os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
        with os.fdopen(reading) as answer:
            print(answer.read() or "killed", flush=True)  # noqa: T201  its answer


def _publish(url: str, options: dict[str, str], workspace: Path) -> str:
    index = CopiedIndex.of(13)
    index.seal()
    try:
        publish(open_store(url, options), index, workspace, created=CREATED, libraries=LIBRARIES)
    except ServiceError as error:
        return type(error).__name__
    return "published"


def _suffer(harm: str, number: int) -> None:
    if harm == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))
        return
    moments = count(1)

    def live_on() -> None:
        if next(moments) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def mortal(step: Callable[_P, _T]) -> Callable[_P, _T]:
        def stepped(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            live_on()
            outcome = step(*args, **kwargs)
            live_on()
            return outcome

        return stepped

    os.fsync, os.link, os.replace = mortal(os.fsync), mortal(os.link), mortal(os.replace)
    obstore.put = mortal(obstore.put)


if __name__ == "__main__":
    main()
