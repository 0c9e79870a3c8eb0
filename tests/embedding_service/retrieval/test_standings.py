"""What is told of the record at once, whether or not it answers."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.requests import DatabaseFacts
from embedding_service.retrieval.standings import Standings
from open_indexes import DEFINITION, FREE, MeddledRecord, open_index, puts_of
from waiting import until

SECONDS = 60.0
WELL = DatabaseFacts(is_reachable=True)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[MeddledRecord]:
    opened = open_record(f"sqlite:///{tmp_path / 'record.db'}", tmp_path)
    opened.create(DEFINITION)
    yield MeddledRecord(opened)
    opened.close()


@pytest.fixture
def index(record: MeddledRecord) -> Index:
    return open_index(record)


@asynccontextmanager
async def standings_of(record: Record, now: list[float]) -> AsyncIterator[Standings]:
    pools = Pools(writers=1, readers=1, searchers=1)
    yield Standings(pools, record.silence, lambda: now[0])
    pools.close()


async def test_what_the_record_has_is_told(record: MeddledRecord, index: Index) -> None:
    async with standings_of(record, [0.0]) as standings:
        record.put(DEFINITION.uid, puts_of({"a": [1, 0]}), FREE)
        standing = await standings.hear(index)
        assert standing is not None
        assert (standing.version, standing.count, standings.describe()) == (1, 1, WELL)


async def test_while_it_does_not_answer_what_it_said_last_is(
    record: MeddledRecord, index: Index
) -> None:
    now, may_answer = [0.0], threading.Event()
    async with standings_of(record, now) as standings:
        first = await standings.hear(index)
        record.before("standing", lambda: may_answer.wait(SECONDS))
        record.put(DEFINITION.uid, puts_of({"a": [1, 0]}), FREE)
        try:
            for _ in range(3):  # one question at a time, or all readers would wait
                assert await standings.hear(index) == first
            assert standings.describe() == WELL
            now[0] = 11.0
            told = standings.describe()
            assert (told.is_reachable, told.silence) == (False, 11.0)
            assert "not answered for 11 s" in str(told.fault)
        finally:
            may_answer.set()
        await until(lambda: standings.describe().is_reachable, SECONDS, "an answer")


async def test_a_silence_that_others_know_of_is_not_broken(
    record: MeddledRecord, index: Index
) -> None:
    async with standings_of(record, [0.0]) as standings:
        record.silence.begin("it is away")
        assert await standings.hear(index) is None
        told = standings.describe()
        assert (told.is_reachable, told.fault) == (False, "it is away")


async def test_a_refusal_is_told_until_there_is_an_answer(
    record: MeddledRecord, index: Index
) -> None:
    def refuse() -> None:
        raise RecordUnavailable("it is away", 1.0)

    async with standings_of(record, [0.0]) as standings:
        record.before("standing", refuse)
        assert await standings.hear(index) is None
        assert standings.describe() == DatabaseFacts(False, "it is away", 0.0)
        assert await standings.hear(index) is not None
        assert standings.describe() == WELL


async def test_an_index_that_is_gone_is_an_answer(record: MeddledRecord, index: Index) -> None:
    async with standings_of(record, [0.0]) as standings:
        record.drop(DEFINITION.uid)
        assert await standings.hear(index) is None
        assert standings.describe() == WELL


async def test_what_nobody_foresaw_is_no_answer(record: MeddledRecord, index: Index) -> None:
    async with standings_of(record, [0.0]) as standings:
        record.before("standing", lambda: 1 / 0)
        with capture_logs() as logs:
            await standings.hear(index)
        assert [entry["log_level"] for entry in logs] == ["error"]
        assert standings.describe().is_reachable is False
