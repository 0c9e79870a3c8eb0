"""Clients of an index or of a tier, which ask without end and keep account of the answers.

A program: it runs in a pod, with httpx and nothing of ours. Its argument is JSON, `index` (none
for a tier) and `ways` (each `name`, `url`, `host`). GET / on port 8001 tells the account; POST
/stop ends the clients first.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

PORT = 8001
PAUSE = 0.05
"""Seconds between two requests of a client."""
OUTAGE = 1.0
"""Seconds without an answer, to a client that asks all the time, that are written down."""
VECTOR = [0.05] * 384
QUESTION = "Where is the kitten?"


@dataclass
class Account:
    """What was asked and answered. Times are monotonic seconds."""

    acknowledged: list[tuple[float, int]] = field(default_factory=list)
    """When, and the version told."""
    ids: list[str] = field(default_factory=list)
    """Of documents that were acknowledged."""
    answered: Counter[str] = field(default_factory=Counter)
    """By client."""
    failures: Counter[str] = field(default_factory=Counter)
    """By client and what it was told."""
    examples: list[str] = field(default_factory=list)
    outages: list[tuple[str, float]] = field(default_factory=list)
    lag: float = 0.0
    """Seconds that the oldest write not seen by a read was old, at worst."""

    @property
    def version(self) -> int:
        """The newest that was acknowledged."""
        return max((version for _, version in self.acknowledged[-20:]), default=0)

    def note_lag(self, begun: float, version: int) -> None:
        """A read that begun then has seen the index at that version."""
        for at, told in reversed(self.acknowledged):
            if told <= version:
                break
            if at < begun:
                self.lag = max(self.lag, begun - at)

    def fail(self, client: str, what: str, detail: str) -> None:
        self.failures[f"{client}: {what}"] += 1
        if self.failures[f"{client}: {what}"] <= 3:
            self.examples.append(f"{time.strftime('%H:%M:%S')} {client}: {what}: {detail[:300]}")

    def tell(self) -> dict[str, Any]:
        return {
            "ids": self.ids,
            "answered": dict(self.answered),
            "failures": dict(self.failures),
            "examples": self.examples,
            "outages": self.outages,
            "lag": self.lag,
        }


class Client:
    """One of them, who asks one way and waits for the answer."""

    def __init__(self, name: str, account: Account, connect: Callable[[], httpx.AsyncClient]):
        self.name = name
        self.account = account
        self.connect = connect
        self.http = connect()

    async def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer; None where it was none, which is accounted for."""
        try:
            answer = await self.http.post(path, json=body)
        except httpx.TransportError as error:
            self.account.fail(self.name, type(error).__name__, str(error))
            return None
        if answer.status_code != httpx.codes.OK:
            self.account.fail(self.name, str(answer.status_code), answer.text)
            return None
        self.account.answered[self.name] += 1
        told: dict[str, Any] = answer.json()
        return told

    async def repeat(self, ask: Callable[["Client"], Awaitable[bool]], over: asyncio.Event) -> None:
        """Ask until it is over; a call that is under way is waited for."""
        last = time.monotonic()
        while not over.is_set():
            if await ask(self):
                now = time.monotonic()
                if now - last > OUTAGE:
                    self.account.outages.append((self.name, round(now - last, 2)))
                last = now
            await asyncio.sleep(PAUSE)


def write(path: str, way: str) -> Callable[[Client], Awaitable[bool]]:
    """Add a document after the other; one that was not acknowledged is sent again."""
    number = 0

    async def ask(client: Client) -> bool:
        nonlocal number
        account, key = client.account, f"{way}-{number}"
        document = {"id": key, "text": f"document {number} by way of {way}"}
        told = await client.ask(f"{path}/documents", {"documents": [document]})
        if told is None:
            return False
        account.acknowledged.append((time.monotonic(), told["version"]))
        account.ids.append(key)
        number += 1
        return True

    return ask


def read_own(path: str) -> Callable[[Client], Awaitable[bool]]:
    """Read what was acknowledged last, or something newer."""

    async def ask(client: Client) -> bool:
        wanted = client.account.version
        query = {"vector": VECTOR, "top_k": 1, "min_version": wanted}
        told = await client.ask(f"{path}/search", query)
        if told is not None and told["version"] < wanted:
            client.account.fail(client.name, "too old", f"{told['version']} < {wanted}")
        return told is not None

    return ask


def read_any(path: str, **query: Any) -> Callable[[Client], Awaitable[bool]]:
    """Read whatever is there, and note how old it is."""

    async def ask(client: Client) -> bool:
        begun = time.monotonic()
        told = await client.ask(f"{path}/search", {**query, "top_k": 1})
        if told is not None:
            client.account.note_lag(begun, told["version"])
        return told is not None

    return ask


def anew(ask: Callable[[Client], Awaitable[bool]]) -> Callable[[Client], Awaitable[bool]]:
    """The same over a connection of its own each time."""

    async def connect_and_ask(client: Client) -> bool:
        await client.http.aclose()
        client.http = client.connect()
        return await ask(client)

    return connect_and_ask


async def embed(client: Client) -> bool:
    """Have two texts embedded."""
    told = await client.ask("/api/v1/embeddings/generate", {"texts": [QUESTION, client.name]})
    if told is not None and len(told["embeddings"]) != 2:
        client.account.fail(client.name, "vectors", f"{len(told['embeddings'])} for 2 texts")
    return told is not None


def find_kinds(index: str | None, way: str) -> dict[str, Callable[[Client], Awaitable[bool]]]:
    """What clients do who come by one way, by what they are called."""
    if index is None:
        return {"embeds": embed, "embeds anew": anew(embed)}
    path = f"/api/v1/indexes/{index}"
    return {
        "writes": write(path, way),
        "reads its own": read_own(path),
        "reads": read_any(path, vector=VECTOR),
        "reads anew": anew(read_any(path, query_text=QUESTION)),
    }


async def main() -> None:
    """Until it is killed."""
    wanted = json.loads(sys.argv[1])
    account, over = Account(), asyncio.Event()
    running = []
    for way in wanted["ways"]:
        name, url, host = way["name"], way["url"], way["host"]

        def connect(url: str = url, host: str = host) -> httpx.AsyncClient:
            return httpx.AsyncClient(base_url=url, headers={"Host": host}, timeout=30)

        for kind, ask in find_kinds(wanted["index"], name).items():
            client = Client(f"{name} {kind}", account, connect)
            running.append(asyncio.create_task(client.repeat(ask, over)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if request.startswith(b"POST /stop"):
            over.set()
            await asyncio.gather(*running)
        body = json.dumps(account.tell()).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "0.0.0.0", PORT) as server:  # noqa: S104  a pod
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
