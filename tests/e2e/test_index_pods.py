"""Pods that hold an index and no model: what they were given outlives them."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Manifest, Namespace
from tests.e2e.manifests import (
    PORT,
    build_claim,
    build_deployment,
    build_server,
    build_service,
)
from tests.e2e.releases import MODEL, Release
from tests.e2e.stores import BUCKET, S3_ENDPOINT, new_database
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

FAQ = "/api/v1/indexes/faq"
TEXTS = {"cat": "A cat sleeps on the sofa", "stocks": "Shares fell sharply on Monday"}
QUESTION = "Where is the kitten?"


def build_index(release: Release, **settings: str) -> dict[str, Any]:
    environment = {
        "ENCODER_URL": release.url,
        "INDEX_NAME": "faq",
        "INDEX_UID": f"test/{uuid4()}",
        "INDEX_MODEL": MODEL,
        **settings,
    }
    return dict(build_server("index", environment))


def add(http: httpx.Client, texts: Mapping[str, str]) -> int:
    """Add documents; returns the version at which they are in."""
    documents = [{"id": key, "text": text} for key, text in texts.items()]
    answer = http.post(f"{FAQ}/documents", json={"documents": documents})
    assert answer.status_code == httpx.codes.OK, answer.text
    version: int = answer.json()["version"]
    return version


def find(http: httpx.Client, **query: object) -> str:
    """The id of the document nearest to QUESTION."""
    answer = http.post(f"{FAQ}/search", json={"query_text": QUESTION, "top_k": 1, **query})
    assert answer.status_code == httpx.codes.OK, answer.text
    (nearest,) = answer.json()["results"]
    identity: str = nearest["id"]
    return identity


def test_what_a_pod_has_acknowledged_its_successor_finds_on_the_volume(
    namespace: Namespace, release: Release
) -> None:
    spec = build_index(release)
    spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    namespace.apply(
        build_claim("data", "1Gi"),
        build_deployment("index", spec, strategy={"type": "Recreate"}),
        build_service("index"),
    )
    namespace.roll_out("deployment/index")
    with namespace.http("service/index", PORT) as http:
        add(http, TEXTS)
        assert find(http) == "cat"
    (before,) = namespace.pods("app=index")
    namespace.run("delete", "pod", before["metadata"]["name"], "--grace-period=0", "--force")
    wait_until(lambda: is_replaced(namespace, before), 120, "another pod is ready")
    with namespace.http("service/index", PORT) as http:
        assert find(http) == "cat"


def test_three_pods_on_one_postgresql_agree_and_so_does_a_new_one(
    namespace: Namespace, release: Release, database: str
) -> None:
    spec = build_index(release, DATABASE_URL=database)
    namespace.apply(build_deployment("index", spec, replicas=3), build_service("index"))
    namespace.roll_out("deployment/index")
    first, *others = (f"pod/{pod['metadata']['name']}" for pod in namespace.pods("app=index"))
    with namespace.http(first, PORT) as http:
        version = add(http, TEXTS)
    namespace.run("delete", first, "--grace-period=0", "--force")
    namespace.roll_out("deployment/index")
    names = {f"pod/{pod['metadata']['name']}" for pod in namespace.pods("app=index")}
    assert set(others) < names - {first}
    for pod in names:
        with namespace.http(pod, PORT) as http:
            assert find(http, min_version=version) == "cat"


def test_a_snapshot_in_s3_fills_the_index_of_a_pod_that_lost_its_disk(
    namespace: Namespace, release: Release
) -> None:
    store = {
        "INDEX_UID": f"test/{uuid4()}",
        "SNAPSHOT_URL": f"s3://{BUCKET}/test",
        "AWS_ENDPOINT": S3_ENDPOINT,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test-secret",
    }
    spec = build_index(release, **store)  # whose data goes with its pod
    namespace.apply(build_deployment("index", spec), build_service("index"))
    namespace.roll_out("deployment/index")
    with namespace.http("service/index", PORT) as http:
        add(http, TEXTS)
        made = http.post(f"{FAQ}/snapshots")
        assert made.is_success, made.text
        wait_until(lambda: list_snapshots(http), 60, "the snapshot is there")
    (before,) = namespace.pods("app=index")
    namespace.run("delete", "pod", before["metadata"]["name"], "--grace-period=0", "--force")
    wait_until(lambda: is_replaced(namespace, before), 120, "another pod is ready")
    with namespace.http("service/index", PORT) as http:
        assert counts(http) == 0
        restored = http.post(f"{FAQ}/restore", json={"confirm": "faq"})
        assert restored.is_success, restored.text
        wait_until(lambda: counts(http) == len(TEXTS), 60, "it is restored")
        assert find(http) == "cat"


def list_snapshots(http: httpx.Client) -> list[dict[str, str]]:
    answer = http.get(f"{FAQ}/snapshots")
    assert answer.is_success, answer.text
    found: list[dict[str, str]] = answer.json()["snapshots"]
    return found


def counts(http: httpx.Client) -> int:
    """Documents in the index."""
    count: int = http.get(FAQ).json()["documents"]
    return count


@pytest.fixture
def database(kubectl: Kubectl) -> str:
    return new_database(kubectl)


def is_replaced(namespace: Namespace, pod: Manifest) -> bool:
    """Whether another pod is ready in its place."""
    for other in namespace.pods("app=index"):
        ready = all(
            status["ready"]
            for status in other["status"].get("containerStatuses", [{"ready": False}])
        )
        if other["metadata"]["uid"] != pod["metadata"]["uid"] and ready:
            return True
    return False
