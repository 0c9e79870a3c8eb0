"""What so many workers with so many threads do together, measured in forks of a host."""

import contextlib
import os
import signal
import struct
import time
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np

from embedding_service.inference.backends.base import Backend, TokenBatch

_SECONDS = 0.3
"""Of work; a forward that is begun is finished."""
_PATIENCE = 20
"""Seconds after which a worker that is not done is none."""
_LENGTHS = (*[18] * 6, 134)
"""Tokens of texts as they come: mostly short ones."""
_RESULT = struct.Struct("<d")

Fork: TypeAlias = Callable[[Callable[[], None]], int]
"""Runs a function in a child, and gives its pid."""


def measure(backend: Backend, workers: int, threads: int, fork: Fork) -> float:
    """Forwards a second of all workers together; 0 where one of them was lost, or not to be had."""
    ready, go, results = os.pipe(), os.pipe(), os.pipe()
    children: list[int] = []
    try:
        for _ in range(workers):
            child = fork(partial(_work, backend, threads, ready, go, results))
            children.append(child)  # one by one: where the next fork fails, this one is reaped
        os.close(ready[1])
        os.close(results[1])
        is_complete = len(_read(ready[0], workers)) == workers
        os.close(go[1])  # for all at once
        told = _read(results[0], workers * _RESULT.size)
    except OSError:  # too many processes, or no memory for one more
        return 0.0
    finally:
        for end in {*ready, *go, *results}:
            with contextlib.suppress(OSError):
                os.close(end)
        for child in children:
            os.waitpid(child, 0)
    if not is_complete or len(told) < workers * _RESULT.size:
        return 0.0
    return float(sum(rate for (rate,) in _RESULT.iter_unpack(told)))


def _work(
    backend: Backend,
    threads: int,
    ready: tuple[int, int],
    go: tuple[int, int],
    results: tuple[int, int],
) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_PATIENCE)
    backend.prepare_worker(threads)
    backend.forward(_draw(backend, _LENGTHS[:1]))
    batch = _draw(backend, _LENGTHS)
    os.close(go[1])
    os.write(ready[1], b".")
    os.close(ready[1])  # or who waits for all would not see that one has died
    os.read(go[0], 1)
    started = time.perf_counter()
    forwards, elapsed = 0, 0.0
    while elapsed < _SECONDS:
        backend.forward(batch)
        forwards += 1
        elapsed = time.perf_counter() - started
    os.write(results[1], _RESULT.pack(forwards / elapsed))


def _draw(backend: Backend, lengths: tuple[int, ...]) -> TokenBatch:
    longest = backend.facts.max_length or max(lengths)
    counts = np.minimum(lengths, longest).astype(np.int32)
    drawn = np.random.default_rng(0)
    ids = drawn.integers(backend.facts.vocabulary_size, size=counts.sum(), dtype=np.int32)
    return TokenBatch(ids, counts, np.zeros_like(counts), max_texts=len(counts))


def _read(end: int, size: int) -> bytes:
    """So many bytes, or fewer where all writers are gone."""
    data = b""
    while len(data) < size and (part := os.read(end, size - len(data))):
        data += part
    return data
