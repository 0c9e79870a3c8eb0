"""GET /api/v1/models."""

from apis import Api
from embedding_service.api.native.answers import ModelsAnswer
from embedding_service.inference.description import ServedModel
from fakes import FINGERPRINT


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
