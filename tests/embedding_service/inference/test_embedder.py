"""The front door, with real worker processes behind it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from embedders import MeteredEmbedder, open_metered
from embedding_service.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelNotServed,
    ModelUnavailable,
    Overloaded,
    ServiceError,
    TextTooLong,
    TokenIdOutOfRange,
    Unavailable,
)
from embedding_service.inference.requests import EmbeddingRequest, TrafficClass
from waiting import until


def processes() -> list[psutil.Process]:
    """Zygotes, hosts and workers that this test has started."""
    children = psutil.Process().children(recursive=True)
    return [
        child for child in children if any("workers.process" in word for word in child.cmdline())
    ]


def only_worker() -> psutil.Process:
    """The process at the end of the line zygote, host, worker."""
    return max(processes(), key=lambda process: len(process.parents()))


async def test_vectors_come_in_the_order_of_the_texts() -> None:
    async with open_metered() as embedder:
        texts = [f"text number {number}" for number in range(700)]
        together = await embedder.embed(EmbeddingRequest(inputs=texts))
        alone = await embedder.embed(EmbeddingRequest(inputs=[texts[411]]))
        np.testing.assert_allclose(together.matrix[411], alone.matrix[0], atol=1e-6)
        assert together.matrix.shape == (700, 16)
        np.testing.assert_allclose(np.linalg.norm(together.matrix, axis=1), 1, atol=1e-5)
        assert embedder.sample("embeddings_generated_total", model="hashing:16") == 701
        assert embedder.sample("embedding_tokens_total", model="hashing:16") == sum(
            len(text) + 2 for text in [*texts, texts[411]]
        )


async def test_dimensions_are_cut_before_normalising() -> None:
    async with open_metered() as embedder:
        full = await embedder.embed(EmbeddingRequest(inputs=["a b c"], normalise=False))
        cut = await embedder.embed(EmbeddingRequest(inputs=["a b c"], dimensions=5))
        expected = full.matrix[:, :5] / np.linalg.norm(full.matrix[:, :5])
        np.testing.assert_allclose(cut.matrix, expected, atol=1e-6)
        assert cut.warnings == ("dimensions-not-trained",)
        assert full.warnings == ()


async def test_a_matryoshka_model_gives_no_warning() -> None:
    options = {"hashing:16": {"is_matryoshka": True}}
    async with open_metered(model_options=options) as embedder:
        assert (await embedder.embed(EmbeddingRequest(inputs=["a"], dimensions=5))).warnings == ()


@pytest.mark.parametrize("dimensions", [0, -1, 17])
async def test_dimensions_the_model_does_not_have_are_refused(dimensions: int) -> None:
    async with open_metered() as embedder:
        with pytest.raises(InvalidRequest, match="from 1 to 16"):
            await embedder.embed(EmbeddingRequest(inputs=["a"], dimensions=dimensions))


async def test_requests_that_cannot_be_served_are_refused_and_the_next_is_served() -> None:
    async with open_metered(model_options={"hashing:16": {"max_length": 8}}) as embedder:
        with pytest.raises(TextTooLong):
            await embedder.embed(EmbeddingRequest(inputs=["x" * 100], truncate=False))
        with pytest.raises(TextTooLong):
            await embedder.embed(EmbeddingRequest(inputs=[[5] * 100], truncate=False))
        with pytest.raises(TokenIdOutOfRange):
            await embedder.embed(EmbeddingRequest(inputs=[[99_999]]))
        with pytest.raises(ModelNotServed, match="hashing:16"):
            await embedder.embed(EmbeddingRequest(inputs=["x"], model="other"))
        with pytest.raises(InvalidRequest, match="prompt"):
            await embedder.embed(EmbeddingRequest(inputs=["x"], prompt_name="nonesuch"))
        cut = await embedder.embed(EmbeddingRequest(inputs=["x" * 100, "ab"]))
        assert cut.truncated == [0]
        assert cut.token_counts.tolist() == [8, 4]
        assert embedder.sample("embedding_truncations_total", model="hashing:16") == 1


async def test_token_ids_give_the_vector_of_their_text() -> None:
    async with open_metered() as embedder:
        ((begin, *content, end),) = await embedder.tokenise(["hello"])
        ids = [token.id for token in content]
        by_ids = await embedder.embed(EmbeddingRequest(inputs=[ids, [begin.id, *ids, end.id]]))
        by_text = await embedder.embed(EmbeddingRequest(inputs=["hello"]))
        np.testing.assert_array_equal(by_ids.matrix[0], by_text.matrix[0])
        np.testing.assert_array_equal(by_ids.matrix[1], by_text.matrix[0])
        assert await embedder.decode([ids]) == ["hello"]


async def test_a_stream_yields_slices_in_order_and_leaves_nothing_behind() -> None:
    async with open_metered() as embedder:
        texts = [f"{number}" for number in range(1000)]
        request = EmbeddingRequest(inputs=texts, traffic=TrafficClass.BULK)
        whole = (await embedder.embed(request)).matrix
        slices = [each.matrix async for each in embedder.stream(request)]
        assert len(slices) > 1
        np.testing.assert_array_equal(np.concatenate(slices), whole)
        stream = embedder.stream(request)
        await anext(stream)
        await stream.aclose()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in tasks if "embed" in str(task.get_coro()) and not task.done()]


async def test_errors_of_a_stream_count_in_the_callers_list() -> None:
    async with open_metered(model_options={"hashing:16": {"max_length": 8}}) as embedder:
        texts = ["short"] * 700
        texts[600] = "much longer than eight tokens"
        stream = embedder.stream(EmbeddingRequest(inputs=texts, truncate=False))
        with pytest.raises(TextTooLong) as refusal:
            async for _ in stream:
                pass
        assert [issue.position for issue in refusal.value.issues] == [600]


async def test_a_model_of_the_list_is_loaded_when_first_asked_for() -> None:
    async with open_metered(allowed_models=("small=hashing:4",)) as embedder:
        assert [model.state for model in embedder.served()] == ["loaded", "unloaded"]
        answers = await asyncio.gather(
            *(embedder.embed(EmbeddingRequest(inputs=["x"], model="small")) for _ in range(5))
        )
        assert {answer.matrix.shape for answer in answers} == {(1, 4)}
        small = embedder.served()[1]
        assert small.state == "loaded"
        assert small.memory_bytes is None or small.memory_bytes > 0
        assert (await embedder.describe("small")).dimension == 4


async def test_the_least_recently_used_model_makes_room() -> None:
    names = ("one=hashing:4", "two=hashing:5")
    async with open_metered(allowed_models=names, model_memory_budget=1) as embedder:
        for name in ("one", "two", "one"):
            await embedder.embed(EmbeddingRequest(inputs=["x"], model=name))
            states = {model.name: model.state for model in embedder.served()}
            assert states["hashing:16"] == "loaded", "the default stays"
            assert states[name] == "loaded"
            assert list(states.values()).count("loaded") == 2


async def test_a_model_that_cannot_be_loaded_says_so_and_harms_no_other(tmp_path: Path) -> None:
    async with open_metered(allowed_models=(f"bad={tmp_path}",)) as embedder:
        for _ in range(2):
            with pytest.raises(ModelUnavailable, match=tmp_path.name):
                await embedder.embed(EmbeddingRequest(inputs=["x"], model="bad"))
        assert embedder.served()[1].state == "failed"
        assert embedder.served()[1].failure
        await embedder.embed(EmbeddingRequest(inputs=["x"]))


async def test_a_remembered_failure_keeps_no_request_alive(tmp_path: Path) -> None:
    async with open_metered(allowed_models=(f"bad={tmp_path}",)) as embedder:
        raised = []
        for _ in range(3):
            with pytest.raises(ModelUnavailable) as failure:
                await embedder.embed(EmbeddingRequest(inputs=["x"], model="bad"))
            raised.append(failure.value)
        assert len(set(map(id, raised))) == 3


async def test_a_load_that_fails_late_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> str:
        raise OSError(5, "Input/output error")

    async with open_metered(allowed_models=("small=hashing:4",)) as embedder:
        before = len(processes())
        monkeypatch.setattr("embedding_service.inference.loading.fingerprint_of_hashing", fail)
        with pytest.raises(ModelUnavailable, match="Input/output error"):
            await embedder.embed(EmbeddingRequest(inputs=["x"], model="small"))
        await until(lambda: len(processes()) == before, 20, "its processes are gone")
        assert embedder.served()[1].state == "failed"


async def test_memory_is_given_back_when_the_last_user_leaves() -> None:
    names = ("one=hashing:4", "two=hashing:5")
    async with open_metered(allowed_models=names, model_memory_budget=1) as embedder:
        await asyncio.gather(
            *(embedder.embed(EmbeddingRequest(inputs=["x"], model=name)) for name in ("one", "two"))
        )

        def loaded() -> list[str]:
            return [model.name for model in embedder.served() if model.state == "loaded"]

        await embedder.embed(EmbeddingRequest(inputs=["x"]))
        await until(lambda: len(loaded()) <= 2, 20, "what is too much is unloaded")


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


async def test_a_bug_in_delivery_fails_its_requests_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_metered() as embedder:
        with monkeypatch.context() as broken:
            broken.setattr("embedding_service.inference.delivery.is_finite_by_row", lambda _: 1 / 0)
            with pytest.raises(ServiceError, match="internal error"):
                await embedder.embed(EmbeddingRequest(inputs=["x"]))
        assert (await embedder.embed(EmbeddingRequest(inputs=["x"]))).matrix.shape == (1, 16)


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
        worker = only_worker()
        worker.suspend()
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
        (zygote,) = psutil.Process().children()
        zygote.kill()
        assert (await embedder.embed(EmbeddingRequest(inputs=["x"]))).matrix.shape == (1, 16)


async def test_while_no_worker_can_be_started_requests_are_told_so_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_metered() as embedder:
        (zygote,) = (process for process in processes() if process.ppid() == psutil.Process().pid)
        with monkeypatch.context() as broken:
            broken.setattr("embedding_service.inference.workers.hosts.sys.executable", "/nowhere")
            broken.setattr("embedding_service.inference.embedder._BROKEN_AFTER", 0.0)
            zygote.kill()
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
        only_worker().suspend()
        ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["in flight"])))
        await until_in_flight(embedder)
        behind = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["queued"])))
        await until_queued(embedder, 1)
        monkeypatch.setattr("embedding_service.inference.workers.hosts.sys.executable", "/nowhere")
        (zygote,) = (process for process in processes() if process.ppid() == psutil.Process().pid)
        zygote.kill()
        for task in (ahead, behind):
            with pytest.raises(Unavailable):
                await task


async def test_a_hung_forward_is_ended_and_tried_again() -> None:
    async with open_metered(forward_timeout=0.5) as embedder:
        worker = only_worker()
        worker.suspend()
        assert (await embedder.embed(EmbeddingRequest(inputs=["x"]))).matrix.shape == (1, 16)
        assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
        assert (
            embedder.sample("embedding_worker_restarts_total", model="hashing:16", cause="hang")
            == 1
        )


async def test_the_deadline_frees_the_caller_and_the_queue() -> None:
    async with open_metered() as embedder:
        worker = only_worker()
        worker.suspend()
        with pytest.raises(DeadlineExceeded):
            await embedder.embed(EmbeddingRequest(inputs=["x"] * 9, timeout=0.2))
        assert (
            embedder.sample("embedding_dropped_texts_total", model="hashing:16", reason="deadline")
            == 9
        )
        worker.resume()
        assert (await embedder.embed(EmbeddingRequest(inputs=["y"]))).matrix.shape == (1, 16)


async def test_a_caller_that_leaves_takes_its_texts_out_of_the_queue() -> None:
    async with open_metered() as embedder:
        worker = only_worker()
        worker.suspend()
        ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["ahead"])))
        await until_in_flight(embedder)
        leaving = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["leaving"] * 5)))
        await until_queued(embedder, 5)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        worker.resume()
        await ahead
        assert (
            embedder.sample("embedding_dropped_texts_total", model="hashing:16", reason="cancelled")
            == 5
        )
        assert embedder.sample("embedding_batch_texts_sum", model="hashing:16") == 1


async def test_a_full_queue_refuses_and_then_takes_again() -> None:
    async with open_metered(max_queue_tokens=100) as embedder:
        worker = only_worker()
        worker.suspend()
        ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["a"])))
        await until_in_flight(embedder)
        waiting = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["b" * 90])))
        await until_queued(embedder, 1)
        with pytest.raises(Overloaded) as refusal:
            await embedder.embed(EmbeddingRequest(inputs=["c" * 200]))
        assert refusal.value.retry_after >= 1
        worker.resume()
        await asyncio.gather(ahead, waiting)
        assert (await embedder.embed(EmbeddingRequest(inputs=["c" * 200]))).matrix.shape == (1, 16)


async def test_the_queues_bound_holds_for_requests_that_come_at_once() -> None:
    async with open_metered(max_queue_tokens=1_000) as embedder:
        request = EmbeddingRequest(inputs=["word " * 400] * 2)
        answers = await asyncio.gather(
            *(embedder.embed(request) for _ in range(20)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Overloaded)]
        assert len(refused) >= 15, "they counted from the moment they came"
        assert len(refused) < 20
        assert (await embedder.embed(request)).matrix.shape == (2, 16)


async def test_a_predicted_wait_above_the_bound_refuses() -> None:
    async with open_metered(max_wait=0.001) as embedder:
        await embedder.embed(
            EmbeddingRequest(inputs=["measure me"])
        )  # from here on there is a rate
        worker = only_worker()
        worker.suspend()
        ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["a" * 2000] * 100)))
        await until_in_flight(embedder, batches=2)
        with pytest.raises(Overloaded, match="MAX_WAIT"):
            await embedder.embed(EmbeddingRequest(inputs=["late"]))
        worker.resume()
        await ahead


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


async def test_health_tells_what_is_the_matter() -> None:
    async with open_metered() as embedder:
        health = embedder.health()
        assert (health.is_started, health.is_serving, health.is_broken) == (True, True, False)
        assert health.detail == "serving"
        assert health.description is not None
        assert health.has_gpu is False


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


_FRONT = """
import asyncio
from prometheus_client import CollectorRegistry
from embedding_service.inference.embedder import Embedder
from embedding_service.environment import child_environment
from embedding_service.settings import Settings
from embedding_service.telemetry.metrics import Metrics

async def main():
    settings = Settings(embedding_model="hashing:8", workers=1)
    embedder = Embedder(settings, Metrics(CollectorRegistry()), child_environment())
    await embedder.start()
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
