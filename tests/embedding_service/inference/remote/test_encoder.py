"""Vectors of another server, reached as it is: the same vectors, the same refusals."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import numpy as np
import pytest

from apis import Api, build_fake_api
from embedding_service.errors import (
    FingerprintMismatch,
    InvalidRequest,
    ModelUnavailable,
    Overloaded,
    ServiceError,
    Unavailable,
)
from embedding_service.inference.remote.encoder import RemoteEncoder
from embedding_service.inference.requests import EmbeddingRequest, TrafficClass
from embedding_service.secret import Secret
from fakes import DESCRIPTION, FINGERPRINT, vector_of

NO_KEY = Secret("ENCODER_API_KEY_FILE")
TEXTS = EmbeddingRequest(inputs=["a", "bcd"])


def reach(transport: httpx.AsyncBaseTransport, key: Secret = NO_KEY) -> RemoteEncoder:
    return RemoteEncoder("http://tier/", key, 30, transport)


@pytest.fixture
async def tier() -> AsyncIterator[Api]:
    """The other server, over a fake."""
    api = build_fake_api()
    async with api.http:
        yield api


@pytest.fixture
async def remote(tier: Api) -> AsyncIterator[RemoteEncoder]:
    encoder = reach(httpx.ASGITransport(tier.app))
    yield encoder
    await encoder.close()


async def test_vectors_are_those_of_the_other_server(tier: Api, remote: RemoteEncoder) -> None:
    tier.embedder.truncated, tier.embedder.warnings = [1], ("dimensions-not-trained",)
    got = await remote.embed(TEXTS)
    assert got.matrix.tolist() == [vector_of("a"), vector_of("bcd")]
    assert (got.model, got.fingerprint) == ("fake", FINGERPRINT)
    assert (got.token_counts.tolist(), got.truncated) == ([1, 3], [1])
    assert got.warnings == ("dimensions-not-trained",)


async def test_all_that_is_said_about_a_request_arrives(tier: Api, remote: RemoteEncoder) -> None:
    request = EmbeddingRequest(
        inputs=[[1, 2], [3]],
        model="fake",
        normalise=False,
        input_type="query",
        prompt_name="query",
        dimensions=4,
        truncate=False,
        truncation_side="left",
        fingerprint=FINGERPRINT,
        traffic=TrafficClass.BULK,
        caller="reader",
        max_batch_texts=7,
        offset=256,
        timeout=0.5,
    )
    await remote.embed(request)
    assert tier.embedder.requests == [request]


async def test_a_stream_is_whole(remote: RemoteEncoder) -> None:
    texts = [f"text {number}" for number in range(700)]
    parts = [part async for part in remote.stream(EmbeddingRequest(inputs=texts))]
    assert [len(part.matrix) for part in parts] == [256, 256, 188]
    got = np.concatenate([part.matrix for part in parts])
    assert got.tolist() == [vector_of(text) for text in texts]


async def test_a_model_is_described_and_remembered(tier: Api, remote: RemoteEncoder) -> None:
    assert remote.served() == []
    assert await remote.describe() == DESCRIPTION
    asked = tier.sample("http_requests_total", route="/api/v1/models/{name:path}", status="200")
    assert await remote.describe() == DESCRIPTION
    assert await remote.describe("fake") == DESCRIPTION
    (served,) = remote.served()
    assert (served.name, served.is_default, served.state) == ("fake", True, "loaded")
    assert asked <= 1


@pytest.mark.parametrize(
    "failure",
    [
        InvalidRequest("odd"),
        Overloaded("full", 3, "queue_full"),
        ModelUnavailable("fake", "no weights"),
    ],
)
async def test_refusals_pass_through(
    tier: Api, remote: RemoteEncoder, failure: ServiceError
) -> None:
    tier.embedder.failure = failure
    with pytest.raises(type(failure), match=failure.message):
        await remote.embed(TEXTS)
    assert len(tier.embedder.requests) == 1


async def test_another_model_is_refused_before_any_work(tier: Api, remote: RemoteEncoder) -> None:
    await remote.describe()
    with pytest.raises(FingerprintMismatch) as caught:
        await remote.embed(replace(TEXTS, fingerprint="e" * 64))
    assert (caught.value.expected, caught.value.served) == ("e" * 64, FINGERPRINT)
    assert remote.served() == [], "what was believed of it is asked for again"


async def test_a_server_that_does_not_check_is_checked() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        headers = {
            "X-Embedding-Model": "old",
            "X-Embedding-Fingerprint": "a" * 64,
            "X-Embedding-Dimension": "1",
        }
        return httpx.Response(200, headers=headers, content=bytes(16))

    encoder = reach(httpx.MockTransport(answer))
    with pytest.raises(FingerprintMismatch):
        await encoder.embed(replace(TEXTS, fingerprint="e" * 64))


async def test_a_key_is_sent_as_it_is_now() -> None:
    sent: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("Authorization"))
        return httpx.Response(503)

    encoder = reach(httpx.MockTransport(answer), Secret("ENCODER_API_KEY_FILE", "k1"))
    with pytest.raises(Unavailable):
        await encoder.embed(TEXTS)
    assert sent == ["Bearer k1"]


def failing_once(first: httpx.Response | Exception, app: Api) -> httpx.AsyncBaseTransport:
    """What comes first, then the server itself."""
    inner = httpx.ASGITransport(app.app)
    left: list[httpx.Response | Exception] = [first]

    class Transport(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if not left:
                return await inner.handle_async_request(request)
            if isinstance(given := left.pop(), Exception):
                raise given
            return given

    return Transport()


@pytest.mark.parametrize(
    "build",
    [
        lambda: httpx.RemoteProtocolError("gone"),
        lambda: httpx.ConnectError("refused"),
        lambda: httpx.Response(503, json={"code": "draining", "detail": "shutting down"}),
    ],
)
async def test_a_server_that_ends_costs_nobody_an_answer(
    tier: Api, build: Callable[[], httpx.Response | Exception]
) -> None:
    encoder = reach(failing_once(build(), tier))
    assert (await encoder.embed(TEXTS)).matrix.tolist() == [vector_of("a"), vector_of("bcd")]
    assert encoder.health().detail == "serving"


async def test_without_the_other_server_there_is_a_reason_and_no_alarm() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    encoder = reach(httpx.MockTransport(refuse))
    await encoder.start()
    with pytest.raises(Unavailable, match=r"http://tier.*connection refused.*goes on without it"):
        await encoder.embed(TEXTS)
    health = encoder.health()
    assert (health.is_started, health.is_serving, health.is_broken) == (True, True, False)
    assert "connection refused" in health.detail


@pytest.mark.parametrize(
    "given",
    [
        httpx.Response(200, content=b"hello"),
        httpx.Response(200, content=b"hello", headers={"X-Embedding-Dimension": "x"}),
        httpx.Response(200, content=bytes(7), headers={"X-Embedding-Dimension": "1"}),
    ],
)
async def test_what_are_no_vectors_is_told(given: httpx.Response) -> None:
    encoder = reach(httpx.MockTransport(lambda _: given))
    with pytest.raises(Unavailable, match="gives no vectors"):
        await encoder.embed(TEXTS)


async def test_what_is_no_server_of_ours_is_told() -> None:
    encoder = reach(httpx.MockTransport(lambda _: httpx.Response(200, content=b"<html>")))
    with pytest.raises(ModelUnavailable, match="no gpu-embedding"):
        await encoder.describe()


async def test_tokens_are_the_other_servers_business(remote: RemoteEncoder) -> None:
    with pytest.raises(InvalidRequest, match="no tokenizer"):
        await remote.tokenise(["a"])
    with pytest.raises(InvalidRequest, match="no tokenizer"):
        await remote.decode([[1]])
