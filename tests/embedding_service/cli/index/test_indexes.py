"""What a client makes of a server's answers, where the real one gives no such answers on demand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from embedding_service.cli.bulk.patience import Patience
from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.answers import Refused, TooMuch
from embedding_service.cli.index.indexes import Indexes


class Script:
    """Answers and failures, given one after the other."""

    def __init__(self, *steps: httpx.Response | Exception) -> None:
        self.steps = list(steps)
        self.requests = list[httpx.Request]()
        self.pauses = list[float]()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Indexes]:
        patience = Patience(seconds=100, sleep=self.sleep)
        transport = httpx.MockTransport(self)
        async with httpx.AsyncClient(transport=transport, base_url="http://it") as http:
            yield Indexes(http, "http://it", patience)


def refusal(status: int, code: str = "odd", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "not now"}, headers=headers)


def good() -> httpx.Response:
    return httpx.Response(200, json={"ids": ["a"], "count": 1, "version": 1})


async def test_whoever_is_busy_is_asked_again_with_the_same_key() -> None:
    script = Script(refusal(429, **{"Retry-After": "7"}), refusal(503), good())
    async with script.open() as indexes:
        added = await indexes.add("name", [b"{}"])
    assert added["ids"] == ["a"]
    assert script.pauses[0] == 7
    assert len({request.headers["Idempotency-Key"] for request in script.requests}) == 1


async def test_a_server_that_has_answered_may_be_restarting() -> None:
    script = Script(good(), httpx.ConnectError("refused"), good())
    async with script.open() as indexes:
        await indexes.add("name", [b"{}"])
        await indexes.add("name", [b"{}"])
    assert len(script.pauses) == 1


@pytest.mark.parametrize(
    ("step", "kind", "told"),
    [
        (httpx.ConnectError("refused"), Complaint, "no server answers there"),
        (httpx.ReadTimeout("late"), TooMuch, "http://it: no answer in time"),
        (refusal(413), TooMuch, "http://it: not now"),
        (refusal(504), TooMuch, "http://it: not now"),
        (refusal(401), Refused, "not now; set GPU_EMBEDDING_API_KEY"),
        (refusal(503, "model_unavailable"), Refused, "http://it: not now"),
        (httpx.Response(500, text="oh"), Refused, "http://it: answered with status 500"),
        (httpx.Response(200, text="<html>"), Complaint, "that server is no gpu-embedding"),
        (httpx.Response(200, json=[]), Complaint, "that server is no gpu-embedding"),
    ],
)
async def test_what_cannot_be_done_is_told(
    step: httpx.Response | Exception, kind: type[Exception], told: str
) -> None:
    script = Script(step)
    async with script.open() as indexes:
        with pytest.raises(kind, match=told) as caught:
            await indexes.describe("name")
    assert type(caught.value) is kind


async def test_a_refusal_says_where() -> None:
    problem = {"code": "bad", "detail": "wrong", "errors": [{"path": "a[0]", "message": "is odd"}]}
    script = Script(httpx.Response(422, json=problem))
    async with script.open() as indexes:
        with pytest.raises(Refused) as caught:
            await indexes.describe("name")
    assert (caught.value.code, caught.value.issues) == ("bad", [("a[0]", "is odd")])
