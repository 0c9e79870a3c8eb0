"""One load on one peer, in figures."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from threading import Event, Thread
from typing import Final

import numpy as np

from benchmarks.serving.models import Shape
from benchmarks.serving.stage.drive import Drive, Peer, Run
from benchmarks.serving.stage.truth import Truth
from benchmarks.serving.stage.usage import measure_cpu, measure_memory

_PAUSE: Final = 2.0
"""Seconds between looks at memory, which cost the machine some milliseconds each."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Of successful requests, where it does not say otherwise; 0 where there were none."""

    texts_per_second: float
    tokens_per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    requests: float
    errors: float
    """Requests that got something else than 200, or nothing."""
    cpu_seconds: float
    """Of the server, for 1,000 texts."""
    memory_mib: float
    """The most PSS of its processes that was seen."""
    cosine: float
    """The least to the truth; 0 where none was compared."""
    gflops: float
    """Floating-point operations a second that the texts need; see models.py."""
    generator: float
    """Share of a core that the generator of the load took."""

    @classmethod
    def read(cls, point: Sequence[float]) -> "Sample":
        """From a point of a curve."""
        return cls(*point)

    def write(self) -> list[float]:
        """As a point of a curve."""
        return list(astuple(self))


COLUMNS: Final = tuple(each.name for each in fields(Sample))


def take_sample(peer: Peer, drive: Drive, shape: Shape, truth: Truth | None = None) -> Sample:
    """Make the load and see what it costs."""
    began = measure_cpu(peer.pid)
    with _watching(peer.pid) as seen:
        run = peer.drive(drive)
        took = measure_cpu(peer.pid) - began
    return summarise(run, shape, took, max(seen), truth.compare(run) if truth else None)


def summarise(
    run: Run, shape: Shape, cpu: float, memory: float, cosine: float | None = None
) -> Sample:
    """The figures of a run that took `cpu` seconds of cores and `memory` MiB."""
    calls = run.calls
    good = np.array(calls.statuses) == 200
    numbers, seconds = np.array(calls.bodies)[good], np.array(calls.seconds)[good]
    tokens = np.array([sum(each) for each in run.bodies.tokens])
    flops = np.array([shape.count_flops(each) for each in run.bodies.tokens])
    texts = len(numbers) * run.bodies.batch
    p50, p95, p99 = np.percentile(seconds * 1e3, [50, 95, 99]) if len(seconds) else [0.0] * 3
    return Sample(
        texts_per_second=texts / calls.elapsed,
        tokens_per_second=float(tokens[numbers].sum()) / calls.elapsed,
        p50_ms=float(p50),
        p95_ms=float(p95),
        p99_ms=float(p99),
        requests=len(numbers),
        errors=len(good) - len(numbers),
        cpu_seconds=cpu / texts * 1000 if texts else 0.0,
        memory_mib=memory,
        cosine=cosine or 0.0,
        gflops=float(flops[numbers].sum()) / calls.elapsed / 1e9,
        generator=calls.busy,
    )


@contextmanager
def _watching(pid: int) -> Iterator[list[float]]:
    """MiB of PSS, now and then while the block runs, and once at its end."""
    seen: list[float] = []
    is_over = Event()

    def keep_looking() -> None:
        while not is_over.wait(_PAUSE):
            seen.append(measure_memory(pid))

    thread = Thread(target=keep_looking, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()
        seen.append(measure_memory(pid))
