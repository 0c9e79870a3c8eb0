"""An EmbeddingIndex on a cluster: applied, used, broken, mended, taken away."""

import pytest

from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.installation import build_index, wait_for_condition
from tests.e2e.manifests import PORT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def test_an_empty_spec_becomes_an_index_that_finds_what_it_was_given(
    namespace: Namespace, operator: Namespace
) -> None:
    namespace.apply(build_index("faq"))
    wait_for_condition(namespace, "faq", "Ready")
    with namespace.http("service/faq", PORT) as http:
        add(http, "faq", TEXTS)
        assert find(http, "faq") == "cat"
    namespace.run("delete", "embeddingindex", "faq")
    namespace.run("wait", "--for=delete", "deployment/faq", "--timeout=60s", seconds=90)
    assert namespace.get("persistentvolumeclaim", "faq-data")["metadata"]["name"] == "faq-data"
