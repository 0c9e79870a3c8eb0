"""How many pods there are, by their load: the operator's own decision, and Kubernetes'."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.sites import ROOT
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add
from tests.e2e.installation import wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.samples import read_sample
from tests.e2e.stores import build_secrets, new_database
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

CLIENTS = 12
QUERY = {"query_texts": ["Where is the kitten?"] * 64, "top_k": 2}


def test_an_index_scales_itself_by_the_requests_it_has_at_once(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    body = read_sample(ROOT / "examples" / "kubernetes" / "autoscaled.yaml")
    body["spec"]["autoscaling"] |= {
        "targets": {"inFlight": 2},
        "windows": {"up": "0s", "down": "15s"},
    }
    namespace.apply(body)
    wait_for_condition(namespace, "search", "Ready")
    with namespace.http("service/search", PORT) as http:
        add(http, "search", TEXTS)
        with load(http):
            wait_until(lambda: count(namespace) == 3, 180, "three pods are wanted")
    wait_until(lambda: count(namespace) == 1, 240, "one pod is wanted again")
    told = namespace.get("events", "--field-selector=reason=ScalingReplicas")["items"]
    assert len(told) >= 2


def count(namespace: Namespace) -> int:
    deployment = namespace.get("deployment", "search")
    replicas: int = deployment["spec"]["replicas"]
    return replicas


@contextmanager
def load(http: httpx.Client, query: Mapping[str, Any] = QUERY) -> Iterator[None]:
    """Searches from several clients at once, until the block ends; what they are told is theirs."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                http.post("/api/v1/indexes/search/search", json=query)
            except httpx.TransportError:  # the way there ends with its pod
                over.wait(0.5)

    clients = [threading.Thread(target=ask, daemon=True) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        over.set()
        for client in clients:
            client.join(60)
