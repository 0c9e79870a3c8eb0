"""GET /api/v1/models and /api/v1/models/{name}."""

import pytest

from apis import Api
from embedding_service.api.native.answers import ModelAnswer, ModelsAnswer
from embedding_service.inference.description import ServedModel
from fakes import DESCRIPTION, FINGERPRINT


async def test_loaded_and_allowed_models_are_listed(api: Api) -> None:
    api.embedder.models.append(
        ServedModel("other", "org/other", False, "failed", None, None, "no network")
    )
    response = await api.http.get("/api/v1/models")
    ModelsAnswer.model_validate_json(response.content, strict=True)
    loaded, failed = response.json()["models"]
    assert (loaded["name"], loaded["default"], loaded["state"]) == ("fake", True, "loaded")
    assert (loaded["fingerprint"], loaded["memory_bytes"]) == (FINGERPRINT, 9)
    assert (loaded["prompts"], loaded["fallback"]) == (["query"], "no driver")
    assert (failed["state"], failed["failure"]) == ("failed", "no network")
    assert (failed["fingerprint"], failed["prompts"]) == (None, None)


@pytest.mark.parametrize("name", ["fake", "default", "org/fake"])
async def test_all_of_one_model_is_told(api: Api, name: str) -> None:
    response = await api.http.get(f"/api/v1/models/{name}")
    ModelAnswer.model_validate_json(response.content, strict=True)
    told = response.json()
    assert (told["fingerprint"], told["dimension"]) == (FINGERPRINT, DESCRIPTION.dimension)
    assert (told["prompts"], told["default_prompt"]) == ({"query": "query: "}, None)
    assert (told["fallback"], told["matryoshka"]) == ("no driver", False)
