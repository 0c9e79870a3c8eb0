"""The calls that the product was promised with, to the letter, against a live server."""

from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from live_server import LiveServer
from served_models import MINILM, MULTILINGUAL

pytestmark = pytest.mark.real_model


@pytest.fixture
def http(real_server: LiveServer) -> Iterator[httpx.Client]:
    with real_server.http() as client:
        yield client


def test_health(http: httpx.Client) -> None:
    response = http.get("/health")
    assert response.status_code == httpx.codes.OK
    assert response.json()["model"] == MINILM


def test_generate_with_a_body_of_one_field(http: httpx.Client) -> None:
    response = http.post(
        "/api/v1/embeddings/generate",
        headers={"Content-Type": "application/json"},
        content='{"texts": ["test"]}',
    )
    assert response.status_code == httpx.codes.OK
    assert np.shape(response.json()["embeddings"]) == (1, 384)


def test_generate_with_the_model_named(http: httpx.Client) -> None:
    response = http.post(
        "/api/v1/embeddings/generate",
        json={
            "texts": ["Hello world", "Hola mundo"],
            "model_name": "paraphrase-multilingual-mpnet-base-v2",
            "normalize": True,
        },
    )
    assert response.status_code == httpx.codes.OK
    answer = response.json()
    assert answer["model"] == MULTILINGUAL
    assert answer["count"] == 2
    assert np.shape(answer["embeddings"]) == (2, answer["dimension"])
    np.testing.assert_allclose(np.linalg.norm(answer["embeddings"], axis=1), 1, atol=1e-6)


def test_batch(http: httpx.Client) -> None:
    body = {"texts": ["text1", "text2"], "batch_size": 32}
    response = http.post("/api/v1/embeddings/batch", json=body)
    assert response.status_code == httpx.codes.OK
    assert np.shape(response.json()["embeddings"]) == (2, 384)


def test_metrics_by_their_promised_names(http: httpx.Client) -> None:
    http.post("/api/v1/embeddings/generate", json={"texts": ["test"]})
    families = text_string_to_metric_families(http.get("/metrics").text)
    samples = {sample.name: sample.value for family in families for sample in family.samples}
    assert samples["embeddings_generated_total"] >= 1
    assert samples["embedding_duration_seconds_count"] >= 1
    assert samples["gpu_memory_used_bytes"] == 0
    assert "active_requests" in samples


def test_docs(http: httpx.Client) -> None:
    response = http.get("/docs")
    assert response.status_code == httpx.codes.OK
    assert response.headers["Content-Type"].startswith("text/html")
