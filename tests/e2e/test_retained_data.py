"""What a deleted index has left, and a later one of its name."""

import pytest

from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, rank
from tests.e2e.installation import build_index, read_condition, wait_for_condition
from tests.e2e.manifests import PORT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def test_data_that_an_index_left_is_taken_over_by_who_names_it_and_by_nobody_else(
    namespace: Namespace, operator: Namespace
) -> None:
    namespace.apply(build_index("faq"))
    wait_for_condition(namespace, "faq", "Ready")
    uid = namespace.get("embeddingindex", "faq")["metadata"]["uid"]
    with namespace.http("service/faq", PORT) as http:
        add(http, "faq", TEXTS)
        before = rank(http, "faq")
    delete(namespace)
    namespace.apply(build_index("faq"))
    told = wait_for_condition(namespace, "faq", "SpecAccepted", "False", "NameTaken")
    assert "faq-data" in told["message"]
    assert read_condition(namespace, "faq", "Ready")["status"] == "False"
    assert "deployment.apps/faq" not in namespace.run("get", "deployments", "--output=name")
    delete(namespace)
    namespace.apply(build_index("faq", bootstrap={"retained": "none-of-these"}))
    told = wait_for_condition(namespace, "faq", "SpecAccepted", "False", "RetainedNotFound")
    assert "gpu-embedding.io/data-uid" in told["message"]
    delete(namespace)
    label = r"jsonpath={.metadata.labels.gpu-embedding\.io/data-uid}"
    assert namespace.run("get", "pvc", "faq-data", f"--output={label}") == uid
    for _ in range(2):  # the second time by the same word
        namespace.apply(build_index("faq", bootstrap={"retained": uid}))
        wait_for_condition(namespace, "faq", "Ready")
        with namespace.http("service/faq", PORT) as http:
            assert rank(http, "faq") == before
        delete(namespace)


def delete(namespace: Namespace) -> None:
    namespace.run("delete", "embeddingindex", "faq", "--timeout=60s", seconds=90)
    namespace.run("wait", "--for=delete", "deployment/faq", "--timeout=60s", seconds=90)
