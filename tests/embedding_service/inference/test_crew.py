"""Workers, hosts and zygotes: replaced when they are lost, gone when nobody needs them."""

import asyncio
import subprocess
import sys

import psutil
import pytest

from embedders import (
    has_ended,
    hung,
    only_worker,
    open_metered,
    processes,
    until_in_flight,
    until_queued,
    zygote,
)
from embedding_service.errors import Unavailable
from embedding_service.inference.requests import EmbeddingRequest
from embedding_service.inference.workers import hosts
from waiting import until


async def test_workers_that_die_at_birth_show_in_health() -> None:
    async with open_metered() as embedder:
        for _ in range(3):
            await until(lambda: embedder.health().is_serving, 20, "there is a worker")
            only_worker().kill()
            await until(lambda: not embedder.health().is_serving, 20, "it is seen to be gone")
        failing = embedder._registry.default_model
        assert failing is not None
        assert failing.crew.failing_since is not None
        await until(lambda: embedder.health().is_serving, 20, "there is a worker again")
        await embedder.embed(EmbeddingRequest(inputs=["x"]))
        assert failing.crew.failing_since is None, "a forward proves it sound"


async def test_an_idle_worker_that_is_killed_is_replaced() -> None:
    async with open_metered() as embedder:
        worker = only_worker()
        worker.kill()
        answer = await embedder.embed(EmbeddingRequest(inputs=["still here"]))
        assert answer.matrix.shape == (1, 16)
        assert only_worker().pid != worker.pid
        assert (
            embedder.sample("embedding_worker_restarts_total", model="hashing:16", cause="crash")
            == 1
        )
        assert embedder.health().is_serving


async def test_a_worker_killed_at_work_costs_nobody_an_answer() -> None:
    async with open_metered() as embedder:
        with hung(only_worker()) as worker:
            running = [
                asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=[f"{number}"] * 3)))
                for number in range(20)
            ]
            await until_in_flight(embedder)
            worker.kill()
        answers = await asyncio.gather(*running)
        assert all(answer.matrix.shape == (3, 16) for answer in answers)


async def test_a_lost_host_is_replaced_with_its_workers() -> None:
    async with open_metered() as embedder:
        host = psutil.Process(only_worker().ppid())
        host.kill()
        assert (await embedder.embed(EmbeddingRequest(inputs=["x"]))).matrix.shape == (1, 16)


async def test_a_lost_zygote_is_replaced_with_all_it_forked() -> None:
    async with open_metered() as embedder:
        zygote().kill()
        assert (await embedder.embed(EmbeddingRequest(inputs=["x"]))).matrix.shape == (1, 16)


async def test_while_no_worker_can_be_started_requests_are_told_so_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_metered() as embedder:
        with monkeypatch.context() as broken:
            broken.setattr(f"{hosts.__name__}.sys.executable", "/nowhere")
            broken.setattr("embedding_service.inference.embedder._BROKEN_AFTER", 0.0)
            zygote().kill()
            await until(lambda: embedder.health().is_broken, 20, "restarts are seen to fail")
            assert not embedder.health().is_serving
            assert "no worker can be started" in embedder.health().detail
            with pytest.raises(Unavailable):
                await embedder.embed(EmbeddingRequest(inputs=["x"]))
        await until(lambda: embedder.health().is_serving, 20, "it recovers by itself")
        assert not embedder.health().is_broken
        assert (await embedder.embed(EmbeddingRequest(inputs=["x"]))).matrix.shape == (1, 16)


async def test_what_waits_when_no_worker_can_be_started_is_not_left_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_metered() as embedder:
        with hung(only_worker()) as worker:
            ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["in flight"])))
            await until_in_flight(embedder)
            behind = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["queued"])))
            await until_queued(embedder, 1)
            monkeypatch.setattr(f"{hosts.__name__}.sys.executable", "/nowhere")
            zygote().kill()
            for task in (ahead, behind):
                with pytest.raises(Unavailable):
                    await task
        await until(lambda: has_ended(worker), 20, "nothing is left of it")


async def test_a_hung_forward_is_ended_and_tried_again() -> None:
    async with open_metered(forward_timeout=0.5) as embedder:
        with hung(only_worker()) as worker:
            assert (await embedder.embed(EmbeddingRequest(inputs=["x"]))).matrix.shape == (1, 16)
        assert has_ended(worker)
        assert (
            embedder.sample("embedding_worker_restarts_total", model="hashing:16", cause="hang")
            == 1
        )


async def test_closing_ends_every_process() -> None:
    async with open_metered(workers=2):
        await until(lambda: len(processes()) == 4, 20, "zygote, host and two workers are there")
        started = processes()
    gone, alive = psutil.wait_procs(started, timeout=5)
    assert not alive
    assert len(gone) == 4


async def test_the_front_may_be_killed_and_leaves_no_process() -> None:
    """Started in a process of its own, because it is killed without a chance to clean up."""
    command = [sys.executable, "-c", _FRONT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as front:  # noqa: ASYNC220
        assert front.stdout is not None
        while (line := await asyncio.to_thread(front.stdout.readline)).strip() != "ready":
            assert line, "the front ended before it was ready"
        started = psutil.Process(front.pid).children(recursive=True)
        assert len(started) == 3
        front.kill()
    _, alive = await asyncio.to_thread(psutil.wait_procs, started, 5)
    assert not alive


_FRONT = """
import asyncio
from prometheus_client import CollectorRegistry
from embedding_service.inference.embedder import Embedder
from embedding_service.environment import child_environment
from embedding_service.inference.workers.hosts import Zygote
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics

async def main():
    settings = Settings(embedding_model="hashing:8", workers=1)
    embedder = Embedder(settings, Metrics(CollectorRegistry()), Zygote(child_environment()))
    await embedder.start()
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
