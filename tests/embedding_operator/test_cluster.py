"""Asking the API server, against a real server on loopback: what is sent, what comes of answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from embedding_operator import cluster as module
from embedding_operator.cluster import KubernetesCluster, explain, load_configuration
from embedding_operator.errors import (
    BadConfiguration,
    Conflicting,
    Missing,
    Refused,
    Unavailable,
)
from embedding_operator.names import DEPLOYMENTS, INDEXES, NAMESPACES, PODS, SERVICES

MANAGER = "gpu-embedding-operator/system/main"
SERVICE = {"kind": "Service", "metadata": {"name": "docs", "namespace": "team", "uid": "u"}}
GROUP = "/apis/gpu-embedding.io/v1alpha1/namespaces/team/embeddingindexes"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Gives one answer after the other, the last one for ever; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[web.Request, Any]] = []
        self.is_over = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self.http = TestServer(app, host="127.0.0.1")

    def say(self, body: Any, status: int = 200, **headers: str) -> None:
        """As the next answer; text goes out as it is."""
        text = body if isinstance(body, str) else json.dumps(body)

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(text=text, status=status, headers=headers)

        self.answers.append(answer)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        self.asked.append((request, json.loads(content) if content else None))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    await server.http.start_server()
    yield server
    server.is_over.set()
    await server.http.close()


@pytest.fixture
def calls() -> list[tuple[str, int]]:
    """Verb and status of each call that was counted."""
    return []


KUBECONFIG = """
current-context: it
contexts: [{name: it, context: {cluster: it, user: it}}]
clusters: [{name: it, cluster: {server: "%s"}}]
users: [{name: it, user: {token: secret}}]
"""


Keep = Callable[[str], object]


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keep:
    """Writes what KUBECONFIG names; nothing is there yet."""
    path = tmp_path / "config"
    monkeypatch.setattr("kubernetes.aio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    return lambda content: path.write_text(content, encoding="utf-8")


@pytest.fixture
async def cluster(
    server: Server, calls: list[tuple[str, int]], keep: Keep
) -> AsyncIterator[KubernetesCluster]:
    """As the operator makes one."""
    keep(KUBECONFIG % str(server.http.make_url("")).rstrip("/"))

    def count(verb: str, status: int) -> None:
        calls.append((verb, status))

    cluster = KubernetesCluster(await load_configuration(), count, agent="me")
    yield cluster
    await cluster.close()


async def read(cluster: KubernetesCluster) -> object:
    return await cluster.get(SERVICES, "team", "docs")


async def test_an_object_is_asked_for_by_whoever_we_are(
    cluster: KubernetesCluster, server: Server, calls: list[tuple[str, int]]
) -> None:
    server.say(SERVICE)
    assert await cluster.get(INDEXES, "team", "docs") == SERVICE
    ((request, body),) = server.asked
    assert (request.method, request.path_qs, body) == ("GET", f"{GROUP}/docs", None)
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["User-Agent"] == "me"
    assert calls == [("GET", 200)]


async def test_what_is_in_no_namespace_is_asked_for_without_one(
    cluster: KubernetesCluster, server: Server
) -> None:
    server.say({})
    await cluster.get(NAMESPACES, "", "team")
    assert server.asked[0][0].path == "/api/v1/namespaces/team"


async def test_a_list_is_read_page_by_page_with_the_same_selectors(
    cluster: KubernetesCluster, server: Server
) -> None:
    for names, following in (("ab", "two="), ("c", "three"), ("", "")):
        items = [{"metadata": {"name": name}} for name in names]
        server.say({"metadata": {"continue": following}, "items": items})
    found = [each async for each in cluster.list(PODS, None, "a=b", "type=Warning,x=y")]
    assert [each["metadata"]["name"] for each in found] == ["a", "b", "c"]
    assert {(each["apiVersion"], each["kind"]) for each in found} == {("v1", "Pod")}
    pages = [dict(request.query) for request, _ in server.asked]
    same = {"limit": "200", "labelSelector": "a=b", "fieldSelector": "type=Warning,x=y"}
    assert pages == [same, {**same, "continue": "two="}, {**same, "continue": "three"}]
    assert {request.path for request, _ in server.asked} == {"/api/v1/pods"}


async def test_a_list_that_expires_half_way_is_no_shorter_list(
    cluster: KubernetesCluster, server: Server
) -> None:
    server.say({"metadata": {"continue": "old"}, "items": [SERVICE]})
    server.say({"reason": "Expired", "message": "too old"}, 410)
    with pytest.raises(Conflicting, match="too old"):
        [each async for each in cluster.list(SERVICES, "team")]


@pytest.mark.parametrize(("is_forced", "force"), [(True, "true"), (False, "false")])
async def test_an_object_is_applied_under_a_managers_name(
    cluster: KubernetesCluster, server: Server, is_forced: bool, force: str
) -> None:
    server.say(SERVICE)
    assert await cluster.apply(SERVICES, SERVICE, MANAGER, is_forced=is_forced) == SERVICE
    await cluster.apply_status(SERVICES, SERVICE, MANAGER, is_forced=is_forced)
    address = "/api/v1/namespaces/team/services/docs"
    assert [request.path for request, _ in server.asked] == [address, f"{address}/status"]
    for request, body in server.asked:
        assert (request.method, body) == ("PATCH", SERVICE)
        assert request.content_type == "application/apply-patch+yaml"
        assert dict(request.query) == {"fieldManager": MANAGER, "force": force}


async def test_an_object_is_made(cluster: KubernetesCluster, server: Server) -> None:
    server.say(SERVICE, 201)
    await cluster.create(SERVICES, SERVICE, MANAGER)
    ((request, body),) = server.asked
    assert (request.method, request.path, body) == (
        "POST",
        "/api/v1/namespaces/team/services",
        SERVICE,
    )
    assert (request.content_type, request.query["fieldManager"]) == ("application/json", MANAGER)


async def test_an_object_is_changed_by_a_merge(cluster: KubernetesCluster, server: Server) -> None:
    server.say(SERVICE)
    patch = {"metadata": {"finalizers": None}}
    await cluster.patch(DEPLOYMENTS, "team", "docs", patch)
    ((request, body),) = server.asked
    assert request.path == "/apis/apps/v1/namespaces/team/deployments/docs"
    assert (request.method, request.content_type, body) == (
        "PATCH",
        "application/merge-patch+json",
        patch,
    )


@pytest.mark.parametrize("status", [200, 404, 409])
async def test_only_the_object_that_is_meant_is_deleted_and_one_that_is_gone_is_no_failure(
    cluster: KubernetesCluster, server: Server, status: int
) -> None:
    server.say({"message": "no"}, status)
    await cluster.delete(SERVICES, "team", "docs", "u")
    ((request, body),) = server.asked
    assert request.method == "DELETE"
    assert body == {"preconditions": {"uid": "u"}, "propagationPolicy": "Background"}


async def test_an_object_that_may_not_be_deleted_is_told(
    cluster: KubernetesCluster, server: Server
) -> None:
    server.say({"message": "forbidden"}, 403)
    with pytest.raises(Refused, match="forbidden"):
        await cluster.delete(SERVICES, "team", "docs", "u")


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


async def test_outside_a_cluster_the_way_is_kubeconfigs(keep: Keep) -> None:
    keep(KUBECONFIG % "http://127.0.0.1:7")
    configuration = await load_configuration()
    assert configuration.host == "http://127.0.0.1:7"
    assert configuration.api_key == {"BearerToken": "Bearer secret"}


@pytest.mark.parametrize("content", [None, "", "current-context: other\n"])
async def test_without_a_way_it_says_what_to_do(keep: Keep, content: str | None) -> None:
    if content is not None:
        keep(content)
    with pytest.raises(BadConfiguration, match="or set KUBECONFIG"):
        await load_configuration()
