"""More bulk work than can be done soon: probes answer, and who leaves takes the work along."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from live_server import LiveServer, running_server
from metric_samples import sample
from native import BATCH, embed
from raw_http import RawConnection, frame
from waiting import wait_until

CLIENTS = 32
_TEXTS = 200
_WORDS = 250
"""Of a text; all are new, so that the worker has to make each one's direction: minutes of work."""
_QUEUED = 40
"""Texts of one request that are in the queue at least, but for those that are at work."""
_SECONDS = 60.0
_PROBE_SECONDS = 5.0
_JSON = [("Content-Type", "application/json")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    settings = {
        "EMBEDDING_MODEL": "hashing:4096",
        "WORKERS": "1",
        "MAX_QUEUE_TOKENS": "1000000000",
        "MAX_WAIT": "86400",
    }
    with running_server(tmp_path, **settings) as server:
        yield server


def test_probes_and_single_texts_are_answered_behind_a_full_queue(server: LiveServer) -> None:
    with saturated(server), server.http(_PROBE_SECONDS) as probe, server.http() as http:
        for path in ("/livez", "/readyz", "/startupz", "/health", "/metrics"):
            assert probe.get(path).status_code == httpx.codes.OK
        assert len(embed(http, ["somebody is waiting for this"])) == 1
        assert sample(http, "embedding_queue_texts", traffic="bulk") > 0, "it was not full"


def test_a_crowd_that_leaves_takes_its_work_out_of_the_queue(server: LiveServer) -> None:
    with server.http() as http:
        with saturated(server):
            queued = sample(http, "embedding_queue_texts", traffic="bulk")
        wait_until(lambda: is_idle(http), _SECONDS, "the queue is empty")
        assert sample(http, "embedding_dropped_texts_total", reason="cancelled") >= queued / 2
        assert sample(http, "embedding_worker_restarts_total") == 0
        assert len(embed(http, ["the next one"])) == 1
    assert '"level":"error"' not in server.log


@contextmanager
def saturated(server: LiveServer) -> Iterator[None]:
    """Bulk requests under way; their clients hang up when the block ends."""
    with ExitStack() as connections, server.http() as http:
        for client in range(CLIENTS):
            connection = connections.enter_context(RawConnection(server.base_url, _SECONDS))
            connection.send(frame(BATCH, _JSON, make_body(client)))
        wait_until(lambda: is_saturated(http), _SECONDS, "all requests wait")
        yield


def make_body(client: int) -> bytes:
    texts = [
        " ".join(f"{client}x{text}x{word}" for word in range(_WORDS)) for text in range(_TEXTS)
    ]
    return json.dumps({"texts": texts}).encode()


def is_saturated(http: httpx.Client) -> bool:
    """Whether every request has texts in the queue; of a long one only a few slices are there."""
    waiting = sample(http, "embedding_queue_texts", traffic="bulk")
    return sample(http, "active_requests") == CLIENTS and waiting > (CLIENTS - 2) * _QUEUED


def is_idle(http: httpx.Client) -> bool:
    gauges = ("active_requests", "embedding_queue_texts", "embedding_queue_tokens")
    return not any(sample(http, name) for name in gauges)
