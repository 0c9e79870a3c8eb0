"""A real Embedder with real worker processes, for tests of what happens inside."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import psutil
from prometheus_client import CollectorRegistry

from embedding_service.environment import child_environment
from embedding_service.inference.embedder import Embedder
from embedding_service.inference.workers.hosts import Zygote
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics
from waiting import until


class MeteredEmbedder(Embedder):
    """An Embedder whose metrics a test can read."""

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        super().__init__(settings, Metrics(self.registry), Zygote(child_environment()))

    def sample(self, name: str, **labels: str) -> float:
        """Value of one series; 0 if there is none."""
        return self.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def open_metered(**settings: Any) -> AsyncIterator[MeteredEmbedder]:
    """Start one; `hashing:16` and one worker unless `settings` say otherwise."""
    defaults: dict[str, Any] = {"embedding_model": "hashing:16", "workers": 1}
    embedder = MeteredEmbedder(Settings(**(defaults | settings)))
    try:
        await embedder.start()
        yield embedder
    finally:
        await embedder.close()


def processes() -> list[psutil.Process]:
    """Zygotes, hosts and workers that this test has started."""
    return [each for each in psutil.Process().children(recursive=True) if _runs_models(each)]


def only_worker() -> psutil.Process:
    """The process at the end of the line zygote, host, worker."""
    return max(processes(), key=lambda process: len(process.parents()))


def zygote() -> psutil.Process:
    """The process at the beginning of that line."""
    (first,) = (process for process in processes() if process.ppid() == psutil.Process().pid)
    return first


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more, reaped or not."""
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


@contextmanager
def hung(worker: psutil.Process) -> Iterator[psutil.Process]:
    """A worker that does nothing until the block ends.

    It is let go even where all it belonged to was killed meanwhile: it may have been stopped before
    it could ask the kernel to die with its parent, and only awake does it see that it is alone.
    """
    worker.suspend()
    try:
        yield worker
    finally:
        with suppress(psutil.NoSuchProcess):
            worker.resume()


async def until_in_flight(embedder: MeteredEmbedder, batches: int = 1) -> None:
    """Wait until so many forwards have begun; the test's own time limit is the deadline."""
    await until(
        lambda: embedder.sample("embedding_batch_texts_count", model="hashing:16") >= batches,
        20,
        "a forward begins",
    )


async def until_queued(embedder: MeteredEmbedder, texts: int) -> None:
    """Wait until that many texts wait."""
    labels = {"model": "hashing:16", "traffic": "interactive"}
    await until(
        lambda: embedder.sample("embedding_queue_texts", **labels) >= texts, 20, "texts are queued"
    )


def _runs_models(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):  # it was there a moment ago
        return any("workers.process" in word for word in process.cmdline())
    return False
