"""What comes of an API server that says no, not now, nothing, or something else."""

import pytest
from aiohttp import web

from embedding_operator import cluster as module
from embedding_operator.cluster import KubernetesCluster, explain
from embedding_operator.errors import (
    Conflicting,
    Missing,
    Refused,
    Unavailable,
)
from embedding_operator.names import SERVICES
from scripted_server import Answer, Server


async def read(cluster: KubernetesCluster) -> object:
    return await cluster.get(SERVICES, "team", "docs")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused), (401, Refused), (403, Refused), (404, Missing), (409, Conflicting),
        (410, Conflicting), (422, Refused),
    ],
)  # fmt: skip
async def test_a_no_is_told_in_the_servers_words(
    cluster: KubernetesCluster,
    server: Server,
    calls: list[tuple[str, int]],
    status: int,
    kind: type[Refused],
) -> None:
    server.say({"kind": "Status", "message": "it cannot be", "reason": "Because"}, status)
    with pytest.raises(Refused) as caught:
        await read(cluster)
    error = caught.value
    assert type(error) is kind
    assert (error.message, error.status, error.reason) == ("it cannot be", status, "Because")
    assert calls == [("GET", status)]


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (500, {}, None),
        (502, {}, None),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (504, {}, None),
    ],
)
async def test_a_not_now_says_when(
    cluster: KubernetesCluster,
    server: Server,
    status: int,
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    server.say({"message": "busy"}, status, **headers)
    with pytest.raises(Unavailable, match="busy") as caught:
        await read(cluster)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the API server answered 403"),
        (b"{}", "the API server answered 403"),
        (b"<html>no\xff", "<html>no\ufffd"),
        (b'["no"]', '["no"]'),
        (b"[" * 5000, "[" * 200),
    ],
)
def test_a_no_of_whatever_stands_between_is_told_as_it_is(content: bytes, message: str) -> None:
    assert explain(403, content, None).message == message


@pytest.mark.parametrize("text", ["<html>sign in</html>", "[1]", "", "[" * 5000])
async def test_a_yes_of_whatever_stands_between_is_no_answer(
    cluster: KubernetesCluster, server: Server, text: str
) -> None:
    server.say(text)
    with pytest.raises(Unavailable, match="something else than an object"):
        await read(cluster)


async def test_nobody_there_is_told(
    cluster: KubernetesCluster, server: Server, calls: list[tuple[str, int]]
) -> None:
    await server.http.close()
    with pytest.raises(Unavailable, match="does not answer") as caught:
        await read(cluster)
    assert caught.value.retry_after is None
    assert calls == [("GET", 0)]


async def cut_at_once(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_half_way(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"kind":')
    assert request.transport is not None
    request.transport.close()
    return response


@pytest.mark.parametrize("answer", [cut_at_once, cut_half_way])
async def test_a_connection_that_is_cut_is_told(
    cluster: KubernetesCluster, server: Server, calls: list[tuple[str, int]], answer: Answer
) -> None:
    server.answers = [answer]
    with pytest.raises(Unavailable, match="does not answer"):
        await read(cluster)
    assert calls == [("GET", 0)]


async def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(
    cluster: KubernetesCluster, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(_: web.Request) -> web.StreamResponse:
        await server.is_over.wait()
        return web.Response()

    monkeypatch.setattr(module, "_TIMEOUT", 0.05)
    server.answers = [wait]
    with pytest.raises(Unavailable, match="TimeoutError"):
        await read(cluster)
