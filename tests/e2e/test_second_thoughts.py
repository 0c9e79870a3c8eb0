"""A spec changes before what it said last is done: the index becomes what it says now."""

from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Manifest, Namespace
from tests.e2e.documents import TEXTS, add, list_ids, rank
from tests.e2e.installation import (
    build_index,
    build_snapshot,
    change,
    find_pods,
    read_condition,
    wait_for_condition,
    wait_for_snapshot,
)
from tests.e2e.manifests import PORT
from tests.e2e.stores import build_secrets, build_storage, new_database
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.bad_day, pytest.mark.timeout(900)]

MANY = 6_000
"""Documents that are put back for some seconds, in which a person may think again."""
AT_ONCE = 500
DIMENSION = 384


@pytest.fixture
def secrets(namespace: Namespace, kubectl: Kubectl) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))


def test_a_rollout_is_overtaken_by_the_next(
    namespace: Namespace, operator: Namespace, secrets: None
) -> None:
    namespace.apply(build_index("docs", **build_storage(), replicas=2))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
    for number in range(3):
        mark(namespace, f"thought-{number}")
        wait_for_condition(namespace, "docs", "Progressing", "True", "RollingOut")
    check_became(namespace, "thought-2", 2)
    with namespace.http("service/docs", PORT) as http:
        assert list_ids(http, "docs") == set(TEXTS)


def test_a_scale_is_overtaken_by_another_and_by_a_change_of_pods(
    namespace: Namespace, operator: Namespace, secrets: None
) -> None:
    namespace.apply(build_index("docs", **build_storage()))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
    namespace.run("scale", "embeddingindex/docs", "--replicas=3")
    wait_for_condition(namespace, "docs", "Progressing", "True")
    namespace.run("scale", "embeddingindex/docs", "--replicas=0")
    wait_for_condition(namespace, "docs", "Progressing", "True")
    mark(namespace, "thought")
    namespace.run("scale", "embeddingindex/docs", "--replicas=2")
    check_became(namespace, "thought", 2)
    with namespace.http("service/docs", PORT) as http:
        assert list_ids(http, "docs") == set(TEXTS)


def test_a_change_of_pods_while_an_index_is_filled_neither_ends_nor_doubles_it(
    namespace: Namespace, operator: Namespace, secrets: None
) -> None:
    namespace.apply(build_index("docs", **build_storage()))
    wait_for_condition(namespace, "docs", "Ready")
    question = [1.0] + [0.0] * (DIMENSION - 1)
    with namespace.http("service/docs", PORT) as http:
        for start in range(0, MANY, AT_ONCE):
            documents = [build_document(start + number) for number in range(AT_ONCE)]
            answer = http.post("/api/v1/indexes/docs/documents", json={"documents": documents})
            assert answer.is_success, answer.text
        before = rank(http, "docs", vector=question)
    namespace.apply(build_snapshot("all", "docs"))
    assert wait_for_snapshot(namespace, "all")["documents"] == MANY
    namespace.apply(build_index("copy", **build_storage(), bootstrap={"snapshot": "all"}))

    def tell() -> dict[str, Any]:
        """How far it is filled."""
        status = namespace.get("embeddingindex", "copy").get("status", {})
        told: dict[str, Any] = status.get("bootstrap", {})
        return told

    wait_until(lambda: tell().get("job"), 120, "it is being filled")
    change(namespace, "copy", podTemplate={"annotations": {"thought": "second"}}, replicas=2)
    assert not tell().get("done")
    wait_for_condition(namespace, "copy", "Ready", seconds=300)
    wait_for_condition(namespace, "copy", "Progressing", "False", "UpToDate")
    with (
        namespace.http("service/copy", PORT) as http,
        namespace.http("service/docs", PORT) as own,
    ):
        assert list_ids(http, "copy") == list_ids(own, "docs")
        assert rank(http, "copy", vector=question) == before
    assert {read_mark(pod) for pod in find_pods(namespace, "copy")} == {"second"}


def build_document(number: int) -> dict[str, object]:
    """With a vector that nothing else has."""
    vector = [0.0] * DIMENSION
    vector[number % DIMENSION] = 1.0
    vector[(number + 1) % DIMENSION] = number / MANY
    return {"id": f"{number}", "vector": vector}


def mark(namespace: Namespace, thought: str) -> None:
    """Have all pods replaced."""
    change(namespace, "docs", podTemplate={"annotations": {"thought": thought}})


def check_became(namespace: Namespace, thought: str, replicas: int) -> None:
    """All is as the spec said last, and no pod is left of what it said before."""
    wait_for_condition(namespace, "docs", "Progressing", "False", "UpToDate")
    wait_for_condition(namespace, "docs", "Ready")
    assert read_condition(namespace, "docs", "Degraded")["status"] == "False"
    pods = find_pods(namespace, "docs")
    assert [read_mark(pod) for pod in pods] == [thought] * replicas


def read_mark(pod: Manifest) -> str | None:
    annotations = pod["metadata"].get("annotations", {})
    found: str | None = annotations.get("thought")
    return found
