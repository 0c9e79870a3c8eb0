"""Documents in, nearest documents out, over a real record; only the model is a fake."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.definition import FieldType, Metric
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.indexes.errors import (
    Conflict,
    DimensionMismatch,
    KeyReused,
    ModelMismatch,
    NotConfirmed,
    NotFound,
    OutOfSpace,
    VersionNotReached,
)
from embedding_service.indexes.records.record import Quota
from embedding_service.inference.description import ModelDescription
from embedding_service.inference.requests import TrafficClass
from embedding_service.retrieval.requests import (
    DEFAULT_INDEX,
    Added,
    Addition,
    NewDocument,
    NewIndex,
    Search,
)
from embedding_service.retrieval.retrieval import Retrieval
from fakes import DESCRIPTION
from retrievals import UnitEmbedder, open_retrieval

VECTORS_ONLY = NewIndex(name="vectors", has_model=False, dimension=2, metric=Metric.DOT)


@pytest.fixture
def embedder() -> UnitEmbedder:
    return UnitEmbedder()


@pytest.fixture
async def retrieval(tmp_path: Path, embedder: UnitEmbedder) -> AsyncIterator[Retrieval]:
    async with open_retrieval(tmp_path, embedder=embedder) as opened:
        yield opened


def texts(*given: str, key: IdempotencyKey | None = None) -> Addition:
    documents = [NewDocument(id=None, text=text, vector=None, metadata=None) for text in given]
    return Addition(documents=documents, key=key)


def vector(x: float, y: float, id: str | None = None, **metadata: object) -> NewDocument:  # noqa: A002
    return NewDocument(id, None, np.array([x, y], dtype=np.float32), metadata or None)


async def add(retrieval: Retrieval, *documents: NewDocument, is_atomic: bool = True) -> Added:
    return await retrieval.add("vectors", Addition(documents=documents, is_atomic=is_atomic))


def query(x: float, y: float) -> Search:
    return Search(matrix=np.array([[x, y]], dtype=np.float32))


async def found(retrieval: Retrieval, search: Search, name: str = "vectors") -> list[str]:
    (answer,) = await retrieval.search(name, search)
    return [hit.id for hit in answer.hits]


async def test_what_is_added_is_found_at_once(retrieval: Retrieval) -> None:
    added = await retrieval.add(DEFAULT_INDEX, texts("a cat", "a dog", "a fish"))
    assert (added.index, added.version) == (DEFAULT_INDEX, 3)
    (answer,) = await retrieval.search(DEFAULT_INDEX, Search(texts=["a dog"], top_k=1))
    assert [(hit.id, hit.text) for hit in answer.hits] == [(added.ids[1], "a dog")]
    assert answer.hits[0].score == pytest.approx(1)
    assert (answer.version, answer.is_exact) == (3, True)


async def test_documents_outlive_the_process(tmp_path: Path) -> None:
    async with open_retrieval(tmp_path) as first:
        added = await first.add(DEFAULT_INDEX, texts("a cat", "a dog"))
    async with open_retrieval(tmp_path) as second:
        assert second.is_loaded
        hits = await found(second, Search(texts=["a cat"], top_k=1), DEFAULT_INDEX)
    assert hits == [added.ids[0]]


async def test_the_default_index_is_empty_until_something_is_added(retrieval: Retrieval) -> None:
    (answer,) = await retrieval.search(DEFAULT_INDEX, Search(texts=["anything"]))
    assert (list(answer.hits), answer.version) == ([], 0)
    assert await retrieval.indexes() == []


async def test_no_other_index_is_made_by_asking_for_it(retrieval: Retrieval) -> None:
    with pytest.raises(NotFound, match="no index 'articles'"):
        await retrieval.add("articles", texts("a cat"))
    with pytest.raises(NotFound):
        await retrieval.search("articles", Search(texts=["a cat"]))


async def test_first_adds_at_once_make_one_default_index(retrieval: Retrieval) -> None:
    await asyncio.gather(*(retrieval.add(DEFAULT_INDEX, texts(f"text {n}")) for n in range(8)))
    assert [(each.name, each.documents) for each in await retrieval.indexes()] == [
        (DEFAULT_INDEX, 8)
    ]


async def test_the_model_s_own_prompts_go_before_queries_and_documents(
    retrieval: Retrieval, embedder: UnitEmbedder
) -> None:
    await retrieval.add(DEFAULT_INDEX, texts("a cat"))
    await retrieval.search(DEFAULT_INDEX, Search(texts=["a cat"]))
    document, question = embedder.requests
    assert (document.input_type, document.traffic) == ("document", TrafficClass.BULK)
    assert (question.input_type, question.traffic) == ("query", TrafficClass.INTERACTIVE)
    assert question.prompt_name == "query"


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


async def test_an_index_may_keep_fewer_dimensions_than_its_model_has(
    retrieval: Retrieval, embedder: UnitEmbedder
) -> None:
    await retrieval.create(NewIndex(name="small", dimension=4))
    await retrieval.add("small", texts("a cat"))
    assert [request.dimensions for request in embedder.requests] == [4]
    with pytest.raises(InvalidRequest, match="fewer than 9"):
        await retrieval.create(NewIndex(name="large", dimension=9))


async def test_an_index_without_a_model_takes_vectors_only(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    with pytest.raises(InvalidRequest) as caught:
        await retrieval.add("vectors", texts("a cat"))
    assert [issue.path for issue in caught.value.issues] == ["documents[0].vector"]
    with pytest.raises(InvalidRequest, match="takes vectors only"):
        await retrieval.search("vectors", Search(texts=["a cat"]))
    with pytest.raises(InvalidRequest, match="needs its dimension"):
        await retrieval.create(NewIndex(name="other", has_model=False))


async def test_a_name_is_given_once(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    with pytest.raises(Conflict):
        await retrieval.create(VECTORS_ONLY)


@pytest.mark.parametrize("name", ["", "Upper", "a_b", "-a", "a" * 64, "a/b", "ä"])
async def test_a_name_is_a_dns_label(retrieval: Retrieval, name: str) -> None:
    with pytest.raises(InvalidRequest, match="not a name"):
        await retrieval.create(replace(VECTORS_ONLY, name=name))


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


async def test_a_filter_keeps_to_what_it_says(retrieval: Retrieval) -> None:
    await retrieval.create(replace(VECTORS_ONLY, fields={"year": FieldType.INT}))
    await add(retrieval, *(vector(1, n, f"d{n}", year=1990 + n) for n in range(10)))
    search = replace(query(0, 1), filter={"year": {"gte": 1993, "lt": 1996}})
    assert await found(retrieval, search) == ["d5", "d4", "d3"]
    removal = await retrieval.remove_where("vectors", {"year": {"in": [1994, 1999]}})
    assert sorted(removal.ids) == ["d4", "d9"]
    assert await found(retrieval, search) == ["d5", "d3"]


async def test_a_removed_document_is_neither_found_nor_read(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, vector(1, 0, "a"), vector(0, 1, "b"))
    removal = await retrieval.remove("vectors", ["a", "never there"])
    assert (removal.ids, removal.version) == (["a"], 3)
    assert await found(retrieval, query(1, 1)) == ["b"]
    with pytest.raises(NotFound):
        await retrieval.read("vectors", "a")


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


@pytest.mark.parametrize(
    ("metric", "threshold", "expected"),
    [(Metric.DOT, 2.0, ["far", "mid"]), (Metric.L2, 1.0, ["near", "mid"])],
)
async def test_the_threshold_itself_is_within(
    retrieval: Retrieval, metric: Metric, threshold: float, expected: list[str]
) -> None:
    await retrieval.create(replace(VECTORS_ONLY, metric=metric))
    await add(retrieval, vector(1, 0, "near"), vector(2, 0, "mid"), vector(3, 0, "far"))
    search = replace(query(1, 0), threshold=threshold)
    assert await found(retrieval, search) == expected


@pytest.mark.parametrize(
    ("metric", "threshold"),
    [(Metric.COSINE, 1.5), (Metric.COSINE, -1.5), (Metric.L2, -0.1), (Metric.DOT, float("nan"))],
)
async def test_a_threshold_that_no_score_can_have_is_refused(
    retrieval: Retrieval, metric: Metric, threshold: float
) -> None:
    await retrieval.create(replace(VECTORS_ONLY, metric=metric))
    with pytest.raises(InvalidRequest, match="threshold must be"):
        await retrieval.search("vectors", replace(query(1, 0), threshold=threshold))


async def test_pages_of_a_search_follow_each_other_without_gap(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, *(vector(n % 3, 0, f"d{n:02}") for n in range(10)))  # many equal scores
    whole = await found(retrieval, query(1, 0))
    paged: list[str] = []
    search = replace(query(1, 0), top_k=3)
    while True:
        (answer,) = await retrieval.search("vectors", search)
        paged += [hit.id for hit in answer.hits]
        if answer.cursor is None:
            break
        search = replace(search, cursor=answer.cursor)
    assert paged == whole
    assert len(whole) == 10


async def test_a_search_has_a_bound_over_all_its_pages(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    with pytest.raises(InvalidRequest, match="at most 10,000 hits"):
        await retrieval.search("vectors", replace(query(1, 0), top_k=10_001))


async def test_every_document_can_be_paged_through(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, *(vector(n, 1, f"d{n}") for n in range(5)))
    first = await retrieval.page("vectors", None, 3)
    second = await retrieval.page("vectors", first.cursor, 3)
    assert [each.id for each in (*first.documents, *second.documents)] == [
        "d0", "d1", "d2", "d3", "d4",
    ]  # fmt: skip
    assert second.cursor is None


async def test_a_query_of_another_dimension_is_refused(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    with pytest.raises(DimensionMismatch, match="holds vectors of 2 dimensions"):
        await retrieval.search("vectors", Search(matrix=np.ones((1, 3), dtype=np.float32)))


async def test_only_what_is_asked_for_comes_along(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, vector(1, 2, "a", lang="de"))
    (bare,) = await retrieval.search("vectors", replace(query(1, 0), include=frozenset()))
    assert [(hit.text, hit.metadata, hit.vector) for hit in bare.hits] == [(None, None, None)]
    search = replace(query(1, 0), include=frozenset({"metadata", "vector"}))
    (full,) = await retrieval.search("vectors", search)
    assert full.hits[0].metadata == b'{"lang":"de"}'
    assert full.hits[0].vector is not None
    assert full.hits[0].vector.tolist() == [1, 2]


async def test_a_version_that_is_there_is_not_waited_for(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    added = await add(retrieval, vector(1, 0, "a"))
    assert await found(retrieval, replace(query(1, 0), min_version=added.version)) == ["a"]


async def test_a_version_that_comes_is_waited_for(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    waiting = asyncio.create_task(found(retrieval, replace(query(1, 0), min_version=1)))
    await asyncio.sleep(0)
    await add(retrieval, vector(1, 0, "a"))
    assert await waiting == ["a"]


async def test_a_version_that_does_not_come_is_told_with_its_lag(tmp_path: Path) -> None:
    async with open_retrieval(tmp_path, version_wait=0.01) as retrieval:
        await retrieval.create(VECTORS_ONLY)
        with pytest.raises(VersionNotReached) as caught:
            await retrieval.search("vectors", replace(query(1, 0), min_version=7))
    assert caught.value.lag == 7


async def test_a_dropped_index_is_gone_and_its_name_free(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, vector(1, 0, "a"))
    for confirmation in (None, "other"):
        with pytest.raises(NotConfirmed, match="confirm=vectors"):
            await retrieval.drop("vectors", confirmation)
    await retrieval.drop("vectors", "vectors")
    with pytest.raises(NotFound):
        await retrieval.describe("vectors")
    await retrieval.create(VECTORS_ONLY)
    assert await found(retrieval, query(1, 0)) == []


async def test_an_alias_moves_in_one_step(retrieval: Retrieval) -> None:
    for name in ("blue", "green"):
        await retrieval.create(replace(VECTORS_ONLY, name=name))
        await retrieval.add(name, Addition(documents=[vector(1, 0, name)]))
    await retrieval.point("live", "blue")
    assert await found(retrieval, query(1, 0), "live") == ["blue"]
    await retrieval.point("live", "green")
    assert await found(retrieval, query(1, 0), "live") == ["green"]
    assert (await retrieval.describe("live")).aliases == ["live"]
    with pytest.raises(Conflict):
        await retrieval.point("blue", "green")
    await retrieval.unpoint("live")
    with pytest.raises(NotFound):
        await retrieval.describe("live")


async def test_a_full_quota_refuses_growth_and_nothing_else(tmp_path: Path) -> None:
    async with open_retrieval(tmp_path, quota=Quota(documents=2, size=0)) as retrieval:
        await retrieval.create(VECTORS_ONLY)
        await add(retrieval, vector(1, 0, "a"), vector(0, 1, "b"))
        with pytest.raises(OutOfSpace):
            await add(retrieval, vector(1, 1, "c"))
        await add(retrieval, vector(2, 0, "a"))
        assert await found(retrieval, query(1, 0)) == ["a", "b"]
