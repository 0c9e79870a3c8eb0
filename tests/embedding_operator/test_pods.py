"""Asking pods, against a real server on loopback: what is sent, and what comes of any answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from embedding_operator.errors import PodFailure
from embedding_operator.pods import HttpPods
from embedding_operator.reports import Report
from embedding_operator.tokens import Signer, SigningKey

HOST, AUDIENCE = "127.0.0.1", "team/uid"
SIGNER = Signer((SigningKey.new(datetime.now(UTC)),))
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pod:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer = self._echo
        self.asked: list[web.Request] = []
        self.is_over = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self.server = TestServer(app, host=HOST)

    def say(self, text: str | bytes, status: int = 200, **headers: str) -> None:
        body = text.encode() if isinstance(text, str) else text

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(body=body, status=status, headers=headers)

        self.answer = answer

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.answer(request)

    async def _echo(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        return web.json_response({"path": request.path_qs, "body": content.decode()})


@pytest.fixture
async def pod() -> AsyncIterator[Pod]:
    pod = Pod()
    await pod.server.start_server()
    yield pod
    pod.is_over.set()
    await pod.server.close()


@pytest.fixture
async def pods(pod: Pod) -> AsyncIterator[HttpPods]:
    pods = HttpPods(lambda: SIGNER, pod.server.port or 0)
    yield pods
    await pods.close()


async def ask(pods: HttpPods, address: str = HOST) -> object:
    return await pods.call(address, AUDIENCE, "GET", "/status")


async def failure_of(pods: HttpPods, address: str = HOST) -> PodFailure:
    with pytest.raises(PodFailure) as caught:
        await ask(pods, address)
    return caught.value


async def test_a_token_for_the_index_is_sent(pods: HttpPods, pod: Pod) -> None:
    await ask(pods)
    scheme, token = pod.asked[0].headers["Authorization"].split()
    key = jwt.PyJWKSet.from_json(SIGNER.publish()).keys[0]
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=AUDIENCE)
    assert (scheme, claims["aud"]) == ("Bearer", AUDIENCE)


async def test_method_path_body_and_key_are_sent(pods: HttpPods, pod: Pod) -> None:
    answer = await pods.call(HOST, AUDIENCE, "POST", "/jobs?key=x", body={"a": 1}, key="uid-1")
    assert answer == {"path": "/jobs?key=x", "body": '{"a": 1}'}
    assert pod.asked[0].method == "POST"
    assert pod.asked[0].headers["Idempotency-Key"] == "uid-1"


async def test_without_a_key_none_is_sent(pods: HttpPods, pod: Pod) -> None:
    await ask(pods)
    assert "Idempotency-Key" not in pod.asked[0].headers


async def test_an_answer_without_content_is_an_empty_one(pods: HttpPods, pod: Pod) -> None:
    pod.say("", 204)
    assert await ask(pods) == {}


async def test_a_redirect_is_not_followed(pods: HttpPods, pod: Pod) -> None:
    pod.say("", 307, Location="/elsewhere")
    failure = await failure_of(pods)
    assert failure.status == 307
    assert len(pod.asked) == 1


async def test_the_sentence_of_a_problem_is_told(pods: HttpPods, pod: Pod) -> None:
    pod.say('{"title": "Conflict", "detail": "another is being made"}', 409)
    failure = await failure_of(pods)
    assert (failure.status, failure.message) == (
        409,
        f"{HOST} answered 409: another is being made",
    )


@pytest.mark.parametrize("text", ["<html>", '["x"]', "\ufffd", "[" * 100_000])
async def test_what_came_instead_of_a_problem_is_told_in_short(
    pods: HttpPods, pod: Pod, text: str
) -> None:
    pod.say(text, 500)
    failure = await failure_of(pods)
    assert failure.status == 500
    assert len(failure.message) < 300


@pytest.mark.parametrize("text", ["<html>", "[]", '"x"', "{", b"\xff\xfe", "[" * 100_000, "null"])
async def test_an_answer_that_is_no_object_is_a_failure(
    pods: HttpPods, pod: Pod, text: str | bytes
) -> None:
    pod.say(text)
    assert "JSON object" in (await failure_of(pods)).message


async def test_an_answer_that_is_too_long_is_not_read(pods: HttpPods, pod: Pod) -> None:
    pod.say(b" " * 2**20 + b"{}")
    assert "more than a megabyte" in (await failure_of(pods)).message


async def test_an_answer_that_ends_too_soon_is_a_failure(pods: HttpPods, pod: Pod) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.abort()
        return response

    pod.answer = answer
    assert (await failure_of(pods)).status is None


async def test_a_pod_that_says_nothing_is_not_waited_for(pod: Pod) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await pod.is_over.wait()
        return web.Response()

    pod.answer = answer
    pods = HttpPods(lambda: SIGNER, pod.server.port or 0, seconds=0.05)
    try:
        assert "does not answer" in (await failure_of(pods)).message
    finally:
        await pods.close()


@pytest.mark.parametrize("address", ["", "::1", "no such host"])
async def test_a_pod_that_is_not_there_is_a_failure(pods: HttpPods, address: str) -> None:
    failure = await failure_of(pods, address)
    assert failure.status is None
    assert "does not answer" in failure.message


async def test_a_report_is_read(pods: HttpPods, pod: Pod) -> None:
    pod.say('{"instance": "i-1", "ready": true, "load": {"in_flight": 3}, "newer": 1}')
    report = await pods.report(HOST, AUDIENCE)
    assert (report.instance, report.ready, report.load.in_flight) == ("i-1", True, 3)
    assert isinstance(report, Report)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"instance": 1}',
        '{"instance": "i", "load": {"queue_wait_seconds": NaN}}',
        '{"instance": "i", "load": {"in_flight": Infinity}}',
    ],
)
async def test_a_report_of_something_else_is_a_failure(pods: HttpPods, pod: Pod, text: str) -> None:
    pod.say(text)
    with pytest.raises(PodFailure, match="something else"):
        await pods.report(HOST, AUDIENCE)
