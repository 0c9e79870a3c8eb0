"""A release goes, and what people have put into its indexes stays; the next one takes it up."""

import httpx
import pytest

from tests.e2e.cluster import Namespace
from tests.e2e.documents import QUESTION, TEXTS, add, find, rank
from tests.e2e.installation import build_index, change, read_condition, wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.releases import DIMENSION, Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

VECTOR = [1.0] + [0.0] * (DIMENSION - 1)


def test_indexes_serve_on_without_a_release_and_are_taken_up_by_the_next(
    vacancy: Release, namespace: Namespace
) -> None:
    vacancy.install()
    namespace.apply(build_index("docs"))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
        before = rank(http, "docs", vector=VECTOR)
        pods = find_uids(namespace)
        vacancy.uninstall()
        assert namespace.get("embeddingindex", "docs")["status"]["operator"]
        assert rank(http, "docs", vector=VECTOR) == before
        asked = {"query_text": QUESTION}
        answer = http.post("/api/v1/indexes/docs/search", json=asked)
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        vacancy.install()
        assert find(http, "docs") == "cat"
    assert find_uids(namespace) == pods
    change(namespace, "docs", podTemplate={"annotations": {"taken": "up"}})
    wait_for_condition(namespace, "docs", "Progressing", "False", "UpToDate")
    wait_for_condition(namespace, "docs", "Ready")
    assert find_uids(namespace) != pods
    with namespace.http("service/docs", PORT) as http:
        assert find(http, "docs") == "cat"
    assert read_condition(namespace, "docs", "Degraded")["status"] == "False"


def find_uids(namespace: Namespace) -> set[str]:
    pods = namespace.pods("gpu-embedding.io/index=docs")
    return {pod["metadata"]["uid"] for pod in pods}
