"""Bad days of a live server: what is promised happens, and the next good request succeeds."""

import base64
import resource
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from live_server import LiveServer, launch, running_server
from metric_samples import sample
from waiting import wait_until

GENERATE = "/api/v1/embeddings/generate"
DIMENSION = 65_536
"""So wide that every row is an allocation of its own, which a limit can refuse."""
MODEL = f"hashing:{DIMENSION}"


def embed(http: httpx.Client, texts: list[str]) -> httpx.Response:
    return http.post(GENERATE, json={"texts": texts, "encoding_format": "base64"})


def assert_serves(http: httpx.Client) -> None:
    answer = embed(http, ["is anybody there"])
    assert answer.status_code == httpx.codes.OK, answer.text
    (vector,) = answer.json()["embeddings"]
    assert np.linalg.norm(np.frombuffer(base64.b64decode(vector), "<f4")) == pytest.approx(
        1, abs=1e-3
    )


def worker_of(server: LiveServer) -> psutil.Process:
    """The only worker: the last of the line zygote, host, worker."""
    return max(server.descendants(), key=lambda process: len(process.parents()))


@contextmanager
def server_of_one_worker(
    folder: Path, **settings: str
) -> Iterator[tuple[LiveServer, httpx.Client]]:
    defaults = {"EMBEDDING_MODEL": MODEL, "WORKERS": "1"}
    with running_server(folder, **(defaults | settings)) as server, server.http() as http:
        yield server, http


def list_texts(about: str, count: int) -> list[str]:
    """Different ones: of identical texts only one is embedded."""
    return [f"{about}, {number}" for number in range(count)]


@contextmanager
def in_flight(
    http: httpx.Client, count: int = 1, about: str = "work"
) -> Iterator[list[httpx.Response]]:
    """Send requests from threads; their answers are complete when the block ends.

    Their texts differ from those of another block that is not `about` the same.
    """
    answers: list[httpx.Response] = []
    with ThreadPoolExecutor(count) as threads:
        texts = [list_texts(f"{about} {number}", 3) for number in range(count)]
        sent = [threads.submit(embed, http, each) for each in texts]
        yield answers
        answers.extend(each.result() for each in sent)


def until(http: httpx.Client, name: str, at_least: float, **labels: str) -> None:
    wait_until(lambda: sample(http, name, **labels) >= at_least, 20, f"{name} reaches {at_least}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One of one worker, for the tests that leave it serving."""
    with server_of_one_worker(tmp_path_factory.mktemp("server")) as (running, _):
        yield running


@pytest.fixture
def http(server: LiveServer) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


def test_a_worker_killed_at_work_costs_nobody_an_answer(
    server: LiveServer, http: httpx.Client
) -> None:
    crashes = sample(http, "embedding_worker_restarts_total", cause="crash")
    batches = sample(http, "embedding_batch_texts_count")
    worker = worker_of(server)
    worker.suspend()
    with in_flight(http, count=8) as answers:
        until(http, "embedding_batch_texts_count", batches + 1)
        worker.kill()
    assert [answer.status_code for answer in answers] == [httpx.codes.OK] * 8
    assert sample(http, "embedding_worker_restarts_total", cause="crash") == crashes + 1
    assert_serves(http)


def test_a_forward_that_hangs_is_ended_and_tried_again(tmp_path: Path) -> None:
    with server_of_one_worker(tmp_path, FORWARD_TIMEOUT="0.5") as (server, http):
        worker_of(server).suspend()
        with in_flight(http) as answers:
            # The front answers while the worker hangs.
            assert http.get("/livez").status_code == httpx.codes.OK
        assert answers[0].status_code == httpx.codes.OK
        assert sample(http, "embedding_worker_restarts_total", cause="hang") >= 1
        assert_serves(http)


def test_memory_that_runs_out_halves_the_batch_until_it_fits(tmp_path: Path) -> None:
    with server_of_one_worker(tmp_path) as (server, http):
        assert_serves(http)
        worker = worker_of(server)
        row = DIMENSION * 4
        with limited(worker, 12 * row):
            # Of words that it knows: a new one would take memory of its own.
            answer = embed(http, [f"is anybody{' there' * times}" for times in range(1, 33)])
            assert answer.status_code == httpx.codes.OK, answer.text
            assert answer.json()["count"] == 32
        failures = sample(http, "embedding_inference_failures_total", kind="out_of_memory")
        assert failures >= 1
        assert sample(http, "embedding_batch_budget_tokens") < 2048
        assert worker.is_running(), "it was an answer, not a crash"
        assert_serves(http)


def test_a_text_without_memory_is_told_to_come_back(tmp_path: Path) -> None:
    with server_of_one_worker(tmp_path) as (server, http):
        assert_serves(http)
        with limited(worker_of(server), 0):
            answer = embed(http, ["is anybody there"])
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert int(answer.headers["Retry-After"]) >= 1
        assert_serves(http)


def test_a_full_queue_refuses_with_the_time_to_come_back(tmp_path: Path) -> None:
    with server_of_one_worker(tmp_path, MAX_QUEUE_TOKENS="50") as (server, http):
        worker = worker_of(server)
        worker.suspend()
        with in_flight(http) as at_work:
            until(http, "embedding_batch_texts_count", 1)  # or both could be in one batch
            with in_flight(http, about="waiting") as waiting:
                until(http, "embedding_queue_texts", 3)
                refused = embed(http, ["one too many " * 20])
                assert refused.status_code == httpx.codes.TOO_MANY_REQUESTS
                assert int(refused.headers["Retry-After"]) >= 1
                assert refused.json()["code"] == "overloaded"
                assert sample(http, "embedding_refusals_total", reason="overloaded") == 1
                assert http.get("/livez").status_code == httpx.codes.OK, "a queue is no fault"
                worker.resume()
        assert [answer.status_code for answer in (*at_work, *waiting)] == [httpx.codes.OK] * 2
        assert_serves(http)


def test_a_deadline_is_answered_while_the_worker_hangs(tmp_path: Path) -> None:
    with server_of_one_worker(tmp_path, REQUEST_TIMEOUT="0.5") as (server, http):
        worker = worker_of(server)
        worker.suspend()
        assert embed(http, ["late"]).status_code == httpx.codes.GATEWAY_TIMEOUT
        worker.resume()
        wait_until(lambda: embed(http, ["on time"]).status_code == httpx.codes.OK, 20, "it serves")


def test_a_client_that_leaves_takes_its_texts_along(server: LiveServer, http: httpx.Client) -> None:
    batches = sample(http, "embedding_batch_texts_count")
    texts = sample(http, "embedding_batch_texts_sum")
    dropped = sample(http, "embedding_dropped_texts_total", reason="cancelled")
    worker = worker_of(server)
    worker.suspend()
    with in_flight(http) as answers:
        until(http, "embedding_batch_texts_count", batches + 1)
        with server.http(timeout=0.3) as impatient, pytest.raises(httpx.ReadTimeout):
            embed(impatient, list_texts("nobody waits for this", 5))
        until(http, "embedding_dropped_texts_total", dropped + 5, reason="cancelled")
        assert sample(http, "embedding_queue_texts") == 0
        worker.resume()
    assert answers[0].status_code == httpx.codes.OK
    assert_serves(http)
    assert sample(http, "embedding_batch_texts_sum") == texts + 4, "the five were never embedded"


def test_sigterm_finishes_what_was_accepted_and_refuses_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    server = launch(folder, {"EMBEDDING_MODEL": MODEL, "WORKERS": "1"})
    server.wait_until_serving()
    with server.http() as http:
        worker = worker_of(server)
        worker.suspend()
        with in_flight(http, count=3) as answers:
            until(http, "active_requests", 3)
            server.send(signal.SIGTERM)
            wait_until(
                lambda: http.get("/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE,
                20,
                "/readyz fails",
            )
            refused = embed(http, ["too late"])
            assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert "Retry-After" in refused.headers
            worker.resume()
        assert [answer.status_code for answer in answers] == [httpx.codes.OK] * 3
    assert server.wait_for_exit() == 0


def test_a_second_sigterm_does_not_wait_for_the_grace_time(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    server = launch(folder, {"EMBEDDING_MODEL": MODEL, "WORKERS": "1", "SHUTDOWN_GRACE": "600"})
    server.wait_until_serving()
    with server.http() as http:
        worker_of(server).suspend()
        asking = threading.Thread(target=_ask_in_vain, args=[http])
        asking.start()
        until(http, "active_requests", 1)
        for _ in range(2):
            server.send(signal.SIGTERM)
            wait_until(
                lambda: server.exit_status is not None or _is_unready(http), 20, "/readyz fails"
            )
        assert server.wait_for_exit() == 0
        asking.join()


@contextmanager
def limited(process: psutil.Process, more: int) -> Iterator[None]:
    """Let a process have `more` bytes of address space than it has now, and no more."""
    before = resource.prlimit(process.pid, resource.RLIMIT_AS)
    now = process.memory_info().vms
    resource.prlimit(process.pid, resource.RLIMIT_AS, (now + more, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_AS, before)


def _is_unready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE
    except httpx.TransportError:
        return True


def _ask_in_vain(http: httpx.Client) -> None:
    with suppress(httpx.TransportError):
        embed(http, ["never answered"])
