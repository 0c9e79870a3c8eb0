"""Another engine, or other parameters: the old graph is searched until the new one is there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from house import SMALL, House
from kept_index import KeptIndex, factories, found_in

ROWS = 2_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path / "building")
    yield opened
    opened.upkeep.close()


@pytest.mark.parametrize(
    "wanted",
    [
        Blueprint(Engine.IVF, SMALL),
        Blueprint(Engine.IVF, replace(SMALL, nlist=16)),
        Blueprint(Engine.HNSW, replace(SMALL, m=8, ef_construction=16)),
        Blueprint(Engine.HNSW, replace(SMALL, recall=0.9)),
        Blueprint(Engine.FLAT, SMALL),
        Blueprint(Engine.HNSW, replace(SMALL, exact_rows=ROWS)),
    ],
)
def test_another_engine_is_searched_when_it_is_built_and_the_old_one_until_then(
    house: House, wanted: Blueprint
) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    house.settle(index)
    before, factory = found_in(index), factories(index)
    seen: list[list[str | None]] = []
    house.bench.before = lambda: seen.append(factories(index))
    index.definition = replace(index.definition, engine=wanted.engine, tuning=wanted.tuning)
    house.settle(index)
    is_exact = Engine.FLAT in index.engines
    assert seen == ([] if is_exact else [factory])
    assert len(index.sealed) == 1
    assert is_exact or index.sealed[0][0].made_for == wanted
    assert (house.sample("index_recall_ratio", index) or 0) >= wanted.tuning.recall
    assert found_in(index) == before
    missed = 0
    for found, nearest in zip(found_in(index, is_exact=False), before, strict=True):
        missed += len(set(nearest[:10]) - set(found[:10]))
    assert missed <= (0 if is_exact else (1 - wanted.tuning.recall) * 100 + 1)
    assert not house.upkeep.look_after([index])


def test_an_engine_that_finds_too_little_leaves_the_old_one_searched(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    house.settle(index)
    before = found_in(index, is_exact=False)
    index.definition = replace(index.definition, engine=Engine.IVF)
    house.bench.after = lambda built: replace(built, recall=0.5)
    with capture_logs():
        assert not house.upkeep.look_after([index])
    assert index.engines == [Engine.HNSW]
    assert found_in(index, is_exact=False) == before
    index.definition = replace(index.definition, engine=Engine.HNSW)  # taken back
    house.now += 60.0
    assert not house.upkeep.look_after([index])
