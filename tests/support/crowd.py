"""A crowd of clients: good ones in every dialect, wrong ones, and some that leave in the middle."""

import asyncio
import base64
import json
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from closeness import assert_unmoved
from embedding_service.vectors import Matrix
from native import BATCH, GENERATE
from raw_http import frame

LINES = "application/x-ndjson"
_JSON = [("Content-Type", "application/json")]
_WORDS = """
    a about after all an and any are as at back be because but by can come could day do even first
    for from get give go good have he her him his how i if in into it its just know like look make
    me most my new no not now of on one only or other our out over people say see she so some take
    than that the their them then there these they think this time to two up us use want way we
    well what when which who will with work would year you your bridge river winter letter engineer
"""
_LENGTHS = ((3, 8), (3, 8), (3, 8), (3, 8), (3, 8), (3, 8), (8, 30), (8, 30), (8, 30), (60, 120))
"""Words of a text; most texts are short."""


def make_texts(count: int, chance: random.Random) -> list[str]:
    """Different texts of mixed lengths."""
    words = _WORDS.split()
    texts: set[str] = set()
    while len(texts) < count:
        texts.add(" ".join(chance.choices(words, k=chance.randint(*chance.choice(_LENGTHS)))))
    return sorted(texts)


@dataclass(frozen=True)
class Site:
    """Where the crowd goes, and what is right there."""

    http: httpx.AsyncClient
    texts: list[str]
    alone: Matrix
    """The vector of each text, embedded by itself."""

    def pick(self, positions: Sequence[int]) -> list[str]:
        return [self.texts[position] for position in positions]

    def check(self, positions: Sequence[int], rows: Any) -> None:
        """Each row is the vector of its own text."""
        assert_unmoved(np.asarray(rows, dtype=np.float32), self.alone[list(positions)])

    async def post(self, path: str, body: Any, status: int = httpx.codes.OK) -> Any:
        response = await self.http.post(path, json=body)
        assert response.status_code == status, response.text
        return response.json()

    async def send_and_leave(self, path: str, body: Any, share: float) -> None:
        """Send that share of a request's bytes and cut the connection."""
        data = frame(path, _JSON, json.dumps(body).encode())
        _, writer = await asyncio.open_connection(
            self.http.base_url.host, self.http.base_url.port or 80
        )
        writer.write(data[: int(len(data) * share)])
        await writer.drain()
        writer.transport.abort()


def _decode(rows: Sequence[str]) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    return [np.frombuffer(base64.b64decode(row), "<f4") for row in rows]


async def _ask_native(site: Site, at: Sequence[int]) -> None:
    site.check(at, (await site.post(GENERATE, {"texts": site.pick(at)}))["embeddings"])


async def _ask_openai(site: Site, at: Sequence[int]) -> None:
    body = {"input": site.pick(at), "encoding_format": "base64"}
    answer = await site.post("/v1/embeddings", body)
    site.check(at, _decode([item["embedding"] for item in answer["data"]]))


async def _ask_tei(site: Site, at: Sequence[int]) -> None:
    site.check(at, await site.post("/embed", {"inputs": site.pick(at)}))


async def _ask_batch(site: Site, at: Sequence[int]) -> None:
    body = {"texts": site.pick(at), "encoding_format": "base64", "batch_size": 16}
    site.check(at, _decode((await site.post(BATCH, body))["embeddings"]))


async def _ask_lines(site: Site, at: Sequence[int]) -> None:
    body = {"texts": site.pick(at)}
    response = await site.http.post(BATCH, json=body, headers={"Accept": LINES})
    assert response.status_code == httpx.codes.OK, response.text
    *lines, last = [json.loads(line) for line in response.text.splitlines()]
    assert last.get("done"), last
    assert [line["index"] for line in lines] == list(range(len(at)))
    site.check(at, [line["embedding"] for line in lines])


_NONSENSE: tuple[tuple[str, dict[str, Any], int], ...] = (
    (GENERATE, {"texts": []}, 422),
    (GENERATE, {"texts": ["a\0b"]}, 422),
    (GENERATE, {"texts": ["a"] * 10_001}, 413),
    ("/v1/embeddings", {"input": "a", "model": "nonesuch"}, 404),
    ("/v1/embeddings", {"input": "a", "dimensions": -1}, 400),
    ("/embed", {"inputs": [[10**9]]}, 400),
)


async def _ask_nonsense(site: Site, at: Sequence[int]) -> None:
    path, body, status = _NONSENSE[at[0] % len(_NONSENSE)]
    await site.post(path, body, status)


async def _leave_in_the_body(site: Site, at: Sequence[int]) -> None:
    await site.send_and_leave("/embed", {"inputs": site.pick(at)}, share=0.6)


async def _leave_before_the_answer(site: Site, at: Sequence[int]) -> None:
    await site.send_and_leave(BATCH, {"texts": site.pick(at)}, share=1.0)


async def _leave_in_the_answer(site: Site, at: Sequence[int]) -> None:
    body = {"texts": site.pick(at)}
    async with site.http.stream("POST", BATCH, json=body, headers={"Accept": LINES}) as response:
        assert response.status_code == httpx.codes.OK
        first = await anext(response.aiter_lines())
    site.check(at[:1], [json.loads(first)["embedding"]])


@dataclass(frozen=True, slots=True)
class Kind:
    """What one sort of client does, and how often it comes."""

    share: int
    texts: tuple[int, int]
    """Least and most."""
    play: Callable[[Site, Sequence[int]], Awaitable[None]]


KINDS = {
    "one text": Kind(36, (1, 1), _ask_native),
    "openai": Kind(20, (1, 3), _ask_openai),
    "tei": Kind(15, (3, 8), _ask_tei),
    "batch": Kind(7, (17, 32), _ask_batch),
    "lines": Kind(4, (8, 32), _ask_lines),
    "refused": Kind(8, (1, 1), _ask_nonsense),
    "left in the body": Kind(3, (1, 8), _leave_in_the_body),
    "left before the answer": Kind(4, (1, 32), _leave_before_the_answer),
    "left in the answer": Kind(3, (8, 32), _leave_in_the_answer),
}


@dataclass
class Record:
    """What became of a crowd."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in KINDS})
    """Of each request that went as it should, as its client saw them."""
    failures: list[str] = field(default_factory=list)
    duration: float = 0.0

    @property
    def requests(self) -> int:
        return sum(map(len, self.seconds.values())) + len(self.failures)


async def send_crowd(site: Site, count: int, concurrency: int, chance: random.Random) -> Record:
    """Let `count` clients come, `concurrency` of them at a time."""
    record = Record()
    shares = [kind.share for kind in KINDS.values()]
    coming = iter(chance.choices(list(KINDS), shares, k=count))

    async def come() -> None:
        for name in coming:
            kind = KINDS[name]
            at = chance.choices(range(len(site.texts)), k=chance.randint(*kind.texts))
            started = time.perf_counter()
            try:
                await kind.play(site, at)
            except (AssertionError, httpx.HTTPError, OSError) as error:
                record.failures.append(f"{name}, texts {at}: {error!r}")
            else:
                record.seconds[name].append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(come() for _ in range(concurrency)))
    record.duration = time.perf_counter() - started
    return record
