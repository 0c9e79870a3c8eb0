"""A database is away and comes back: reads go on, writes wait, nothing acknowledged is lost."""

from collections.abc import Mapping

import httpx
import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.documents import QUESTION, TEXTS, add, find, list_ids, rank
from tests.e2e.installation import build_index, wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.stores import build_secrets, build_storage, new_database, stopped
from tests.e2e.traffic import traffic
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.bad_day, pytest.mark.timeout(900)]

UNSEEN = {"dog": "A dog barks at the door"}


def test_while_its_database_is_away_an_index_reads_on_and_says_so(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    namespace.apply(build_index("docs", **build_storage(), replicas=2))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
        nearest = rank(http, "docs", query_text=QUESTION, top_k=1)
        with traffic(namespace, "docs") as clients:
            wait_until(lambda: clients.tell().ids, 60, "people write")
            with stopped(kubectl, "postgres"):
                ready = wait_for_condition(
                    namespace, "docs", "Ready", "False", "DatabaseUnavailable"
                )
                assert "database" in ready["message"]
                assert rank(http, "docs", query_text=QUESTION, top_k=1) == nearest
                check_refused(http, UNSEEN)
                wait_for_condition(
                    namespace, "docs", "Degraded", "True", "DatabaseUnavailable", seconds=240
                )
            wait_for_condition(namespace, "docs", "Ready")
            wait_for_condition(namespace, "docs", "Degraded", "False")
            told = clients.stop()
        assert set(told.failures) <= {"service writes: 503"}, told.examples
        assert list_ids(http, "docs") == {*told.ids, *TEXTS}
        assert find(http, "docs", min_version=add(http, "docs", UNSEEN)) == "cat"


def check_refused(http: httpx.Client, texts: Mapping[str, str]) -> None:
    """A write is refused for now, in words."""
    documents = [{"id": key, "text": text} for key, text in texts.items()]
    answer = http.post("/api/v1/indexes/docs/documents", json={"documents": documents})
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
    assert answer.json()["code"] == "record_unavailable"
    assert int(answer.headers["Retry-After"]) > 0
