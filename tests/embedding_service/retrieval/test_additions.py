"""What is added: whole batches or the good documents of them, once for each key."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.definition import FieldType, Metric
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.indexes.errors import KeyReused, OutOfSpace
from embedding_service.indexes.records.record import Quota
from embedding_service.retrieval.requests import DEFAULT_INDEX, Addition, NewDocument, NewIndex
from embedding_service.retrieval.retrieval import Retrieval
from planar import VECTORS_ONLY, add, found, query, texts, vector
from retrievals import open_retrieval


async def test_of_one_id_twice_in_a_request_the_last_wins(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    added = await add(retrieval, vector(1, 0, "a"), vector(0, 1, "b"), vector(0, 2, "a"))
    assert (added.ids, added.version) == (["a", "b", "a"], 2)
    assert (await retrieval.read("vectors", "a")).vector.tolist() == [0, 2]
    assert (await retrieval.describe("vectors")).documents == 2


async def test_a_replaced_document_is_found_as_it_is_now(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, vector(1, 0, "a"), vector(0, 1, "b"))
    await add(retrieval, vector(0, 3, "a"))
    assert await found(retrieval, query(0, 1)) == ["a", "b"]


async def test_a_bad_document_keeps_the_whole_batch_out(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    wrong = NewDocument("c", None, np.zeros(3, dtype=np.float32), None)
    with pytest.raises(InvalidRequest, match="nothing was added") as caught:
        await add(retrieval, vector(1, 0, "a"), vector(float("nan"), 0, "b"), wrong)
    assert [issue.path for issue in caught.value.issues] == [
        "documents[1].vector",
        "documents[2].vector",
    ]
    assert (await retrieval.describe("vectors")).documents == 0


async def test_without_atomicity_the_good_ones_are_added(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    added = await add(
        retrieval, vector(1, 0, "a"), vector(float("inf"), 0, "b"), vector(0, 1, "c"),
        is_atomic=False,
    )  # fmt: skip
    assert (added.ids, added.version) == (["a", None, "c"], 2)
    assert [issue.path for issue in added.issues] == ["documents[1].vector"]


async def test_a_vector_without_direction_has_no_cosine(retrieval: Retrieval) -> None:
    await retrieval.create(replace(VECTORS_ONLY, metric=Metric.COSINE))
    with pytest.raises(InvalidRequest, match="no direction"):
        await add(retrieval, vector(0, 0))
    with pytest.raises(InvalidRequest, match="no direction"):
        await retrieval.search("vectors", query(0, 0))


async def test_a_declared_field_takes_its_type_only(retrieval: Retrieval) -> None:
    await retrieval.create(replace(VECTORS_ONLY, fields={"year": FieldType.INT}))
    with pytest.raises(InvalidRequest) as caught:
        await add(retrieval, vector(1, 0, "a", year="1999"))
    assert [issue.path for issue in caught.value.issues] == ["documents[0].metadata.year"]


async def test_the_same_key_adds_once(retrieval: Retrieval) -> None:
    key = IdempotencyKey("once", b"digest")
    first = await retrieval.add(DEFAULT_INDEX, texts("a cat", key=key))
    again = await retrieval.add(DEFAULT_INDEX, texts("a cat", key=key))
    assert (again.ids, again.version, again.is_repeated) == (first.ids, first.version, True)
    with pytest.raises(KeyReused):
        await retrieval.add(DEFAULT_INDEX, texts("a dog", key=IdempotencyKey("once", b"other")))


async def test_a_repetition_is_answered_as_the_first_time(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    addition = Addition(
        documents=[vector(1, 0, "a"), vector(0, 0), vector(float("nan"), 0), vector(0, 1, "a")],
        is_atomic=False,
        key=IdempotencyKey("once", b"digest"),
    )
    first = await retrieval.add("vectors", addition)
    again = await retrieval.add("vectors", addition)
    assert first.ids[2] is None
    assert replace(again, is_repeated=False) == first


async def test_the_same_key_at_once_adds_once(retrieval: Retrieval) -> None:
    await retrieval.create(NewIndex(name="articles"))
    key = IdempotencyKey("once", b"digest")
    answers = await asyncio.gather(
        *(retrieval.add("articles", texts("a cat", key=key)) for _ in range(4))
    )
    assert len({tuple(answer.ids) for answer in answers}) == 1
    assert (await retrieval.describe("articles")).documents == 1


async def test_a_full_quota_refuses_growth_and_nothing_else(tmp_path: Path) -> None:
    async with open_retrieval(tmp_path, quota=Quota(documents=2, size=0)) as retrieval:
        await retrieval.create(VECTORS_ONLY)
        await add(retrieval, vector(1, 0, "a"), vector(0, 1, "b"))
        with pytest.raises(OutOfSpace):
            await add(retrieval, vector(1, 1, "c"))
        await add(retrieval, vector(2, 0, "a"))
        assert await found(retrieval, query(1, 0)) == ["a", "b"]
