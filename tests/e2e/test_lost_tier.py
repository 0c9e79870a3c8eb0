"""The embedding tier is away, or has another model: texts wait, and nothing is mixed."""

import httpx
import pytest

from tests.e2e.cluster import Namespace
from tests.e2e.documents import QUESTION, TEXTS, add, find, list_ids, rank
from tests.e2e.installation import build_index, lose_pods, wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.releases import DIMENSION, Release

pytestmark = [pytest.mark.cluster, pytest.mark.bad_day, pytest.mark.timeout(900)]

VECTOR = [1.0] + [0.0] * (DIMENSION - 1)
UNSEEN = {"dog": "A dog barks at the door"}


def test_while_the_tier_has_another_model_texts_are_refused_and_vectors_are_searched(
    namespace: Namespace, release: Release
) -> None:
    before = prepare(namespace)
    # As long as the model's own, so that nothing but the fingerprint tells them apart.
    with release.changed({"model.name": f"hashing:{DIMENSION}"}):
        told = wait_for_condition(namespace, "docs", "Degraded", "True", "ModelUnavailable")
        assert "fingerprint" in told["message"]
        check_reads_alone(namespace, before, httpx.codes.CONFLICT)
    check_well(namespace)


def test_while_the_tier_is_away_texts_wait_and_vectors_are_searched(
    namespace: Namespace, release: Release
) -> None:
    before = prepare(namespace)
    with release.away():
        told = wait_for_condition(namespace, "docs", "Degraded", "True", "EncoderUnavailable")
        assert "embedding tier" in told["message"]
        check_reads_alone(namespace, before, httpx.codes.SERVICE_UNAVAILABLE)
        lose_pods(namespace, "docs")  # an index starts without the tier, too
        check_reads_alone(namespace, before, httpx.codes.SERVICE_UNAVAILABLE)
    check_well(namespace)


def prepare(namespace: Namespace) -> list[tuple[str, float]]:
    """An index `docs` with documents; what it finds by a vector."""
    namespace.apply(build_index("docs"))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
        return rank(http, "docs", vector=VECTOR)


def check_reads_alone(namespace: Namespace, before: list[tuple[str, float]], status: int) -> None:
    """Vectors find what they found; texts neither find nor come in."""
    wait_for_condition(namespace, "docs", "Ready")
    documents = [{"id": key, "text": text} for key, text in UNSEEN.items()]
    with namespace.http("service/docs", PORT) as http:
        assert rank(http, "docs", vector=VECTOR) == before
        for path, body in {
            "search": {"query_text": QUESTION},
            "documents": {"documents": documents},
        }.items():
            answer = http.post(f"/api/v1/indexes/docs/{path}", json=body)
            assert answer.status_code == status, answer.text
        assert list_ids(http, "docs") == set(TEXTS)


def check_well(namespace: Namespace) -> None:
    wait_for_condition(namespace, "docs", "Degraded", "False")
    with namespace.http("service/docs", PORT) as http:
        version = add(http, "docs", UNSEEN)
        assert find(http, "docs", min_version=version) == "cat"
