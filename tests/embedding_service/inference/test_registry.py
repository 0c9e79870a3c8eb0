"""Models of the list: loaded when first asked for, unloaded when memory is short."""

import asyncio
from pathlib import Path

import pytest

from embedders import open_metered, processes
from embedding_service.errors import ModelUnavailable
from embedding_service.inference.requests import EmbeddingRequest
from waiting import until


async def test_a_model_of_the_list_is_loaded_when_first_asked_for() -> None:
    async with open_metered(allowed_models=("small=hashing:4",)) as embedder:
        assert [model.state for model in embedder.served()] == ["loaded", "unloaded"]
        answers = await asyncio.gather(
            *(embedder.embed(EmbeddingRequest(inputs=["x"], model="small")) for _ in range(5))
        )
        assert {answer.matrix.shape for answer in answers} == {(1, 4)}
        small = embedder.served()[1]
        assert small.state == "loaded"
        assert small.memory_bytes is None or small.memory_bytes > 0
        assert (await embedder.describe("small")).dimension == 4


async def test_the_least_recently_used_model_makes_room() -> None:
    names = ("one=hashing:4", "two=hashing:5")
    async with open_metered(allowed_models=names, model_memory_budget=1) as embedder:
        for name in ("one", "two", "one"):
            await embedder.embed(EmbeddingRequest(inputs=["x"], model=name))
            states = {model.name: model.state for model in embedder.served()}
            assert states["hashing:16"] == "loaded", "the default stays"
            assert states[name] == "loaded"
            assert list(states.values()).count("loaded") == 2


async def test_a_model_that_cannot_be_loaded_says_so_and_harms_no_other(tmp_path: Path) -> None:
    async with open_metered(allowed_models=(f"bad={tmp_path}",)) as embedder:
        for _ in range(2):
            with pytest.raises(ModelUnavailable, match=tmp_path.name):
                await embedder.embed(EmbeddingRequest(inputs=["x"], model="bad"))
        assert embedder.served()[1].state == "failed"
        assert embedder.served()[1].failure
        await embedder.embed(EmbeddingRequest(inputs=["x"]))


async def test_a_remembered_failure_keeps_no_request_alive(tmp_path: Path) -> None:
    async with open_metered(allowed_models=(f"bad={tmp_path}",)) as embedder:
        raised = []
        for _ in range(3):
            with pytest.raises(ModelUnavailable) as failure:
                await embedder.embed(EmbeddingRequest(inputs=["x"], model="bad"))
            raised.append(failure.value)
        assert len(set(map(id, raised))) == 3


async def test_a_load_that_fails_late_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> str:
        raise OSError(5, "Input/output error")

    async with open_metered(allowed_models=("small=hashing:4",)) as embedder:
        before = len(processes())
        monkeypatch.setattr("embedding_service.inference.loading.fingerprint_of_hashing", fail)
        with pytest.raises(ModelUnavailable, match="Input/output error"):
            await embedder.embed(EmbeddingRequest(inputs=["x"], model="small"))
        await until(lambda: len(processes()) == before, 20, "its processes are gone")
        assert embedder.served()[1].state == "failed"


async def test_memory_is_given_back_when_the_last_user_leaves() -> None:
    names = ("one=hashing:4", "two=hashing:5")
    async with open_metered(allowed_models=names, model_memory_budget=1) as embedder:
        await asyncio.gather(
            *(embedder.embed(EmbeddingRequest(inputs=["x"], model=name)) for name in ("one", "two"))
        )

        def loaded() -> list[str]:
            return [model.name for model in embedder.served() if model.state == "loaded"]

        await embedder.embed(EmbeddingRequest(inputs=["x"]))
        await until(lambda: len(loaded()) <= 2, 20, "what is too much is unloaded")
