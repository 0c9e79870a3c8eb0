"""A budget is measured on a model's own workers, while nobody waits, unless a person set it."""

from embedders import open_metered
from embedding_service.inference.requests import EmbeddingRequest
from tiny_models import BERT, tiny_model
from waiting import until

MODEL = {"model": "tiny"}


async def test_the_budget_is_measured_and_told() -> None:
    async with open_metered(embedding_model=f"tiny={tiny_model(BERT)}", workers=2) as embedder:
        await until(lambda: embedder.health().batch_tokens_from == "measured", 60, "it is measured")
        knee = embedder.sample("embedding_batch_knee_tokens", **MODEL)
        assert knee in {256, 512, 1024, 2048}
        assert embedder.health().batch_tokens == knee
        assert embedder.sample("embedding_batch_budget_tokens", **MODEL) == knee
        assert embedder.sample("embedding_batch_texts_count", **MODEL) == 0, "no text of anybody"
        texts = [f"a few words, {number}" for number in range(2_000)]
        await embedder.embed(EmbeddingRequest(inputs=texts))
        batches = embedder.sample("embedding_batch_tokens_count", **MODEL)
        assert embedder.sample("embedding_batch_tokens_sum", **MODEL) <= knee * batches


async def test_what_a_person_has_set_is_not_measured() -> None:
    model = f"tiny={tiny_model(BERT)}"
    async with open_metered(embedding_model=model, max_batch_tokens=300) as embedder:
        await embedder.embed(EmbeddingRequest(inputs=["a few words"]))
        health = embedder.health()
        assert (health.batch_tokens, health.batch_tokens_from) == (300, "setting")
        assert embedder.sample("embedding_batch_knee_tokens", **MODEL) == 0
