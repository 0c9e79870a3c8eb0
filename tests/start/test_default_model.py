"""The product's default model comes from the hub; where that is out of reach, people are told."""

from pathlib import Path

import httpx
import pytest

from embedding_service.settings import DEFAULT_MODEL
from live_server import launch, running_server

# Nobody listens on port 1; HF_HUB_OFFLINE must not hide that.
_NO_HUB = {"HF_ENDPOINT": "http://127.0.0.1:1", "HF_HUB_OFFLINE": "0"}


@pytest.fixture
def no_hub(tmp_path: Path) -> dict[str, str]:
    return _NO_HUB | {"HF_HOME": str(tmp_path / "hub")}


def test_as_an_allowed_model_it_is_a_503_that_says_so(
    no_hub: dict[str, str], tmp_path: Path
) -> None:
    settings = {"EMBEDDING_MODEL": "hashing:8", "ALLOWED_MODELS": DEFAULT_MODEL, **no_hub}
    with running_server(tmp_path, **settings) as server, server.http() as http:
        body = {"texts": ["Hello world"], "model_name": DEFAULT_MODEL}
        response = http.post("/api/v1/embeddings/generate", json=body)
        assert response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert DEFAULT_MODEL in response.json()["detail"]
        assert _NO_HUB["HF_ENDPOINT"] in response.json()["detail"]
        # The one failure is no reason to stop serving the other.
        assert http.post("/api/v1/embeddings/generate", json={"texts": ["a"]}).is_success


def test_as_the_default_the_program_ends_with_the_reason(
    no_hub: dict[str, str], tmp_path: Path
) -> None:
    server = launch(tmp_path, no_hub)
    assert server.wait_for_exit() > 0
    assert DEFAULT_MODEL in server.log
    assert _NO_HUB["HF_ENDPOINT"] in server.log
    assert "Traceback" not in server.log
