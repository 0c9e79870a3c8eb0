"""Asking the API server, against a real server on loopback: what is sent, what comes of answers."""

from collections.abc import Callable

import pytest

from embedding_operator.cluster import KubernetesCluster, load_configuration
from embedding_operator.errors import (
    BadConfiguration,
    Conflicting,
    Refused,
)
from embedding_operator.names import DEPLOYMENTS, INDEXES, NAMESPACES, PODS, SERVICES
from scripted_server import KUBECONFIG, Server

MANAGER = "gpu-embedding-operator/system/main"
SERVICE = {"kind": "Service", "metadata": {"name": "docs", "namespace": "team", "uid": "u"}}
GROUP = "/apis/gpu-embedding.io/v1alpha1/namespaces/team/embeddingindexes"


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


async def test_outside_a_cluster_the_way_is_kubeconfigs(keep: Callable[[str], object]) -> None:
    keep(KUBECONFIG % "http://127.0.0.1:7")
    configuration = await load_configuration()
    assert configuration.host == "http://127.0.0.1:7"
    assert configuration.api_key == {"BearerToken": "Bearer secret"}


@pytest.mark.parametrize("content", [None, "", "current-context: other\n"])
async def test_without_a_way_it_says_what_to_do(
    keep: Callable[[str], object], content: str | None
) -> None:
    if content is not None:
        keep(content)
    with pytest.raises(BadConfiguration, match="or set KUBECONFIG"):
        await load_configuration()
