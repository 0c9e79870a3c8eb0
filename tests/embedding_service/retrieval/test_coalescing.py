"""Queries that come while a pass runs go together; each caller gets its own answer, or error."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.indexes.definition import FieldType
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.query import Query
from embedding_service.retrieval.coalescing import MOST_TOGETHER, Coalescer, Outcome
from passes import Line, Searched, ask, query, same, settle

SECONDS = 60.0


@pytest.fixture
def line() -> Line:
    return Line()


async def test_a_query_to_an_idle_index_goes_at_once(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    (asked,) = ask(coalescer, index, query(1))
    await settle()
    assert len(line.waiting) == 1
    await line.end_one()
    found, _ = await asked
    assert same(found, index.alone(query(1)))


async def test_queries_that_come_while_a_pass_runs_go_together(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    first = ask(coalescer, index, query(0))
    await settle()
    later = ask(coalescer, index, *(query(seed, rows=seed) for seed in (1, 2, 3)))
    await settle()
    await line.end_all()
    assert index.sizes == [1, 6]
    for seed, asked in zip((0, 1, 2, 3), first + later, strict=True):
        found, _ = await asked
        assert same(found, index.alone(query(seed, rows=max(1, seed))))


@pytest.mark.parametrize(
    ("width", "passes"), [(1, [(1, False), (1, False), (2, False)]), (5, [(1, True), (3, True)])]
)
async def test_a_pass_takes_the_threads_that_are_free(
    line: Line, width: int, passes: list[tuple[int, bool]]
) -> None:
    def spread(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
        return map(function, items)

    index, coalescer = Searched(width=width), Coalescer(line.run, 2, spread)
    asked = [ask(coalescer, index, query(seed))[0] for seed in range(4)]
    await settle()
    await line.end_all()
    assert [(len(one.matrix), one.spread is spread) for one in index.passes] == passes
    for seed, each in enumerate(asked):
        assert same((await each)[0], index.alone(query(seed)))


async def test_each_gets_as_many_hits_as_it_wants(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    asked = ask(coalescer, index, query(0), query(1, top_k=3), query(2, top_k=200))
    await settle()
    await line.end_all()
    assert [each.top_k for each in index.passes] == [10, 200]
    assert [len((await each)[0].queries[0].keys) for each in asked] == [10, 3, 200]


async def test_different_kinds_go_apart(line: Line) -> None:
    one, other, coalescer = Searched(), Searched(), Coalescer(line.run, threads=1)
    condition = parse_filter({"n": {"lt": 100}}, {"n": FieldType.INT})
    bare = query(1)
    kinds = [
        bare,
        query(1, is_exact=True),
        Query(bare.matrix, 10, filter=condition),
        Query(bare.matrix, 10, wants_documents=False),
    ]
    busy = ask(coalescer, one, query(0))
    await settle()
    asked = [ask(coalescer, index, *kinds, *kinds) for index in (one, other)]
    await settle()
    await line.end_all()
    assert one.sizes == [1] + [2] * 4
    assert other.sizes == [2] * 4
    await asyncio.gather(*busy)
    for tasks in asked:
        for each, task in zip(kinds * 2, tasks, strict=True):
            assert same((await task)[0], one.alone(each))


async def test_equal_filters_go_together(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    fields = {"n": FieldType.INT}
    asked = ask(
        coalescer,
        index,
        query(0),
        *(Query(query(1).matrix, 10, filter=parse_filter({"n": 5}, fields)) for _ in range(3)),
    )
    await settle()
    await line.end_all()
    assert index.sizes == [1, 3]
    await asyncio.gather(*asked)


async def test_a_pass_has_a_bound_and_what_is_beyond_it_waits_behind_other_kinds(
    line: Line,
) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    busy = ask(coalescer, index, query(0))
    await settle()
    many = ask(coalescer, index, *(query(seed) for seed in range(MOST_TOGETHER + 5)))
    exact = ask(coalescer, index, query(1, is_exact=True))
    await settle()
    await line.end_all()
    assert index.sizes == [1, MOST_TOGETHER, 1, 5]
    assert [each.is_exact for each in index.passes] == [False, False, True, False]
    await asyncio.gather(*busy, *many, *exact)


async def test_a_search_larger_than_a_pass_goes_alone(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    sizes = (1, 1, MOST_TOGETHER + 1, 1)
    asked = ask(coalescer, index, *(query(seed, rows) for seed, rows in enumerate(sizes)))
    await settle()
    await line.end_all()
    assert index.sizes == [1, 1, MOST_TOGETHER + 1, 1]
    await asyncio.gather(*asked)


async def test_as_many_passes_as_there_are_threads_run_at_once(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=2)
    asked = ask(coalescer, index, *(query(seed) for seed in range(5)))
    await settle()
    assert len(line.waiting) == 2
    await line.end_one()
    assert len(line.waiting) == 2  # the other, and the rest together
    await line.end_all()
    assert index.sizes == [1, 1, 3]
    await asyncio.gather(*asked)


async def test_an_error_reaches_the_callers_of_its_pass_and_no_other(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    asked = ask(coalescer, index, query(0), query(1), query(2))
    await settle()
    await line.end_one()
    index.failure = RuntimeError("damaged")
    await line.end_one()
    assert (await asked[0])[0].version == 300
    for each in asked[1:]:
        with pytest.raises(RuntimeError, match="damaged"):
            await each
    index.failure = None
    (again,) = ask(coalescer, index, query(1))
    await settle()
    await line.end_all()
    assert (await again)[0].version == 300


async def test_a_caller_that_goes_while_it_waits_is_not_searched_for(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    asked = ask(coalescer, index, query(0), query(1), query(2))
    await settle()
    asked[1].cancel()
    await settle()
    await line.end_all()
    assert index.sizes == [1, 1]
    assert same((await asked[2])[0], index.alone(query(2)))
    with pytest.raises(asyncio.CancelledError):
        await asked[1]


async def test_nothing_is_searched_when_all_have_gone(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    asked = ask(coalescer, index, query(0), query(1))
    await settle()
    asked[1].cancel()
    await settle()
    await line.end_all()
    assert index.sizes == [1]
    await asked[0]
    (later,) = ask(coalescer, index, query(2))
    await settle()
    await line.end_all()
    assert same((await later)[0], index.alone(query(2)))


async def test_a_caller_that_goes_during_its_pass_takes_nobody_along(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    asked = ask(coalescer, index, query(0), query(1), query(2))
    await settle()
    await line.end_one()
    asked[1].cancel()
    await settle()
    await line.end_one()
    assert same((await asked[2])[0], index.alone(query(2)))


async def test_a_pass_that_is_not_run_any_more_cancels_its_callers(line: Line) -> None:
    index, coalescer = Searched(), Coalescer(line.run, threads=1)
    asked = ask(coalescer, index, query(0))
    await settle()
    _, future = line.waiting.pop()
    future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked[0]


async def test_a_pass_that_cannot_be_started_fails_its_callers_and_no_later_ones() -> None:
    index, line, is_shut = Searched(), Line(), True

    def run(call: Callable[[], Outcome]) -> asyncio.Future[Outcome]:
        if is_shut:
            raise RuntimeError("cannot schedule new futures after shutdown")
        return line.run(call)

    coalescer = Coalescer(run, threads=1)
    (asked,) = ask(coalescer, index, query(0))
    with pytest.raises(RuntimeError, match="after shutdown"):
        await asyncio.wait_for(asked, SECONDS)
    is_shut = False
    (later,) = ask(coalescer, index, query(1))
    await settle()
    await line.end_all()
    assert same((await later)[0], index.alone(query(1)))


@given(
    searches=st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 70), st.integers(1, 20), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    passes=st.integers(1, 3),
)
@settings(deadline=None, max_examples=25)
def test_whatever_goes_together_finds_what_it_finds_alone(
    searches: Sequence[tuple[int, int, int, bool]], passes: int
) -> None:
    index = Searched()
    queries = [
        query(seed, rows, top_k, is_exact=is_exact) for seed, rows, top_k, is_exact in searches
    ]

    async def search_all() -> list[Outcome]:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(passes) as pool:
            coalescer = Coalescer(lambda call: loop.run_in_executor(pool, call), passes)
            return await asyncio.gather(*(coalescer.search(index, each) for each in queries))

    for each, (found, _) in zip(queries, asyncio.run(search_all()), strict=True):
        assert same(found, index.alone(each))
