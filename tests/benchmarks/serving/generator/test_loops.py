"""The generator of loads, against a real server of a few lines."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from benchmarks.serving.generator.loops import Loop
from benchmarks.serving.generator.order import Calls, Order

REQUESTS = [b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n%d" % number for number in range(3)]


@asynccontextmanager
async def answering(statuses: dict[bytes, bytes]) -> AsyncIterator[int]:
    """A port where a request's body is answered with itself, and with the status it has here."""

    handlers: list[asyncio.Task[None]] = []

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.create_task(answer(reader, writer)))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            while (line := await reader.readline()).strip():
                head += line
            body = await reader.readexactly(1)
            if (status := statuses.get(body, b"200 OK")) == b"none":
                break
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 3\r\n\r\n<%b>" % (status, body))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*handlers)


async def run(port: int, kept: dict[int, bytes] | None = None, **how: Any) -> Calls:
    order = Order(port, "POST", "/", "", **how)
    loop = Loop(order, REQUESTS, (kept if kept is not None else {}).__setitem__)
    await loop.run()
    return loop.calls


async def test_bodies_are_sent_in_turn_and_answers_kept() -> None:
    kept: dict[int, bytes] = {}
    async with answering({}) as port:
        calls = await run(port, kept, seconds=0.2, connections=2)
    assert calls.bodies[:4] == [0, 1, 2, 0]
    assert kept == {0: b"<0>", 1: b"<1>", 2: b"<2>"}
    assert set(calls.statuses) == {200}
    assert len(calls.bodies) == len(calls.started) == len(calls.seconds)


async def test_a_refusal_counts_as_what_it_is() -> None:
    kept: dict[int, bytes] = {}
    async with answering({b"1": b"429 Too Many Requests"}) as port:
        calls = await run(port, kept, seconds=0.2)
    refused = [status for number, status in zip(calls.bodies, calls.statuses, strict=True)
               if number == 1]  # fmt: skip
    assert set(refused) == {429}
    assert 1 not in kept


async def test_a_broken_connection_is_an_error_and_the_load_goes_on() -> None:
    async with answering({b"1": b"none"}) as port:
        calls = await run(port, seconds=0.4)
    assert {(n, s) for n, s in zip(calls.bodies, calls.statuses, strict=True)} >= {
        (0, 200), (1, 0), (2, 200),
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
async def test_an_open_loop_begins_requests_when_chance_says_so(seed: int) -> None:
    async with answering({}) as port:
        calls = await run(port, seconds=0.2, rate=100.0, seed=seed)
    chance = random.Random(seed)  # noqa: S311
    arrivals = list(accumulate(chance.expovariate(100.0) for _ in range(100)))
    wanted = [each for each in arrivals if each < 0.2]
    assert sorted(calls.started) == pytest.approx(wanted, abs=1e-6)


async def test_the_program_takes_an_order_and_tells_its_calls(tmp_path: Path) -> None:
    (tmp_path / "bodies").write_bytes(b"7\n8\n")
    async with answering({}) as port:
        order = Order(
            port, "POST", "/x", str(tmp_path / "bodies"), 0.1, kept=1,
            answers=str(tmp_path / "answers"),
        )  # fmt: skip
        await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "benchmarks.serving.generator", str(tmp_path / "calls")],
            input=json.dumps(asdict(order)),
            text=True,
            check=True,
        )
    calls = Calls(**json.loads((tmp_path / "calls").read_text()))
    assert calls.bodies[:2] == [0, 1]
    assert calls.elapsed > 0
    assert (tmp_path / "answers").read_bytes() == b"0 <7>"
