"""An index keeps to its model, which is told what is a document and what a query."""

from dataclasses import replace
from pathlib import Path

import pytest

from embedding_service.indexes.errors import ModelMismatch
from embedding_service.inference.description import ModelDescription
from embedding_service.inference.requests import Terms, TrafficClass
from embedding_service.retrieval.requests import DEFAULT_INDEX, Search
from embedding_service.retrieval.retrieval import Retrieval
from fakes import DESCRIPTION
from planar import texts
from retrievals import UnitEmbedder, open_retrieval


async def test_the_model_s_own_prompts_go_before_queries_and_documents(
    retrieval: Retrieval, embedder: UnitEmbedder
) -> None:
    await retrieval.add(DEFAULT_INDEX, texts("a cat"))
    await retrieval.search(DEFAULT_INDEX, Search(texts=["a cat"]))
    document, question = embedder.requests
    assert (document.input_type, document.traffic) == ("document", TrafficClass.BULK)
    assert (question.input_type, question.traffic) == ("query", TrafficClass.INTERACTIVE)
    assert question.prompt_name == "query"


async def test_what_the_caller_says_goes_with_its_texts(
    retrieval: Retrieval, embedder: UnitEmbedder
) -> None:
    terms = Terms(TrafficClass.INTERACTIVE, timeout=2.0, caller="reader")
    await retrieval.add(DEFAULT_INDEX, replace(texts("a cat"), terms=terms))
    bulk = replace(terms, traffic=TrafficClass.BULK)
    await retrieval.search(DEFAULT_INDEX, Search(texts=["a cat"], terms=bulk))
    document, question = embedder.requests
    assert (document.traffic, document.timeout) == (TrafficClass.INTERACTIVE, 2.0)
    assert (question.traffic, question.caller) == (TrafficClass.BULK, "reader")


async def test_many_queries_are_a_job(retrieval: Retrieval, embedder: UnitEmbedder) -> None:
    await retrieval.add(DEFAULT_INDEX, texts("a cat"))
    await retrieval.search(DEFAULT_INDEX, Search(texts=["a cat"] * 17))
    assert embedder.requests[-1].traffic is TrafficClass.BULK


async def test_a_model_that_is_another_one_by_now_is_refused(
    tmp_path: Path, embedder: UnitEmbedder
) -> None:
    class Another(UnitEmbedder):
        async def describe(self, model: str | None = None) -> ModelDescription:
            return replace(DESCRIPTION, fingerprint="0" * 64)

    async with open_retrieval(tmp_path, embedder=embedder) as first:
        await first.add(DEFAULT_INDEX, texts("a cat"))
    async with open_retrieval(tmp_path, embedder=Another()) as second:
        for asked in (
            second.add(DEFAULT_INDEX, texts("a dog")),
            second.search(DEFAULT_INDEX, Search(texts=["a cat"])),
        ):
            with pytest.raises(ModelMismatch) as caught:
                await asked
            assert "f" * 64 in caught.value.message
            assert "0" * 64 in caught.value.message
