"""The keeper: indexes are built beside what serves them, and it ends when it is told to."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from embedding_service.environment import child_environment
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import Definition, Engine, Metric
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.index import Index
from embedding_service.indexes.keeper import Keeper
from embedding_service.indexes.query import Query
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.kept import Kept
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.telemetry.index_metrics import IndexMetrics
from index_model import random_matrix
from waiting import wait_until

SECONDS = 60.0
DIMENSION, ROWS = 16, 600
BOOKS = Definition("", "books", DIMENSION, Metric.DOT, Engine.HNSW, tuning=Tuning(exact_rows=100))


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    record = open_record(f"sqlite:///{tmp_path / 'record.db'}", tmp_path)
    opened = Catalogue(record, Quota(documents=0, size=0), IndexMetrics(CollectorRegistry()))
    opened.load()
    yield opened
    opened.close()


@pytest.fixture
def upkeep(tmp_path: Path) -> Upkeep:
    workshop = Workshop(tmp_path / "building", child_environment(), threads=1)
    return Upkeep(workshop, IndexMetrics(CollectorRegistry()))


def filled(catalogue: Catalogue) -> Index:
    """With 500 rows sealed and 100 growing."""
    index = catalogue.create(BOOKS)
    ids = [f"d{place}" for place in range(ROWS)]
    index.put(Puts(ids, [None] * ROWS, [None] * ROWS, random_matrix(ROWS, DIMENSION)))
    return index


def test_a_filled_index_is_built_while_it_is_searched(
    catalogue: Catalogue, upkeep: Upkeep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_segments = "embedding_service.indexes.segments.growing.MOST_BYTES"
    monkeypatch.setattr(of_segments, 500 * DIMENSION * 4)
    index = filled(catalogue)
    keeper = Keeper(catalogue, upkeep)
    queries = random_matrix(ROWS, DIMENSION)[:3]  # the first documents' own
    keeper.start()

    def is_built() -> bool:
        found, _ = index.search(Query(queries, 1, wants_documents=False))
        assert [list(hits.ids) for hits in found.queries] == [["d0"], ["d1"], ["d2"]]
        return Engine.HNSW in {segment.engine for segment, _ in index.view.sealed}

    try:
        wait_until(is_built, SECONDS, "a graph")
    finally:
        keeper.close()
    assert not keeper._thread.is_alive()
    assert list((tmp_path / "building").iterdir()) == []
    assert index.describe().live == ROWS


def test_what_may_be_forgotten_is_forgotten_now_and_then(
    catalogue: Catalogue, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedding_service.indexes.keeper._PURGE_PERIOD", 0.0)
    monkeypatch.setattr("embedding_service.indexes.catalogue._KEPT_REMOVALS", 0.0)
    index = filled(catalogue)
    index.remove(["d0"])
    keeper = Keeper(catalogue, upkeep)
    keeper.start()
    try:
        wait_until(lambda: index.standing().purged_version == ROWS + 1, SECONDS, "a purge")
    finally:
        keeper.close()


def test_a_keeper_that_was_never_started_ends(catalogue: Catalogue, upkeep: Upkeep) -> None:
    Keeper(catalogue, upkeep).close()


def test_what_goes_wrong_in_one_look_does_not_end_the_looking(
    catalogue: Catalogue, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = threading.Semaphore(0)

    def look_after(indexes: Sequence[Kept]) -> bool:
        looks.release()
        raise RuntimeError("broken")

    monkeypatch.setattr(upkeep, "look_after", look_after)
    monkeypatch.setattr("embedding_service.indexes.keeper._PERIOD", 0.0)
    keeper = Keeper(catalogue, upkeep)
    keeper.start()
    assert looks.acquire(timeout=SECONDS)
    assert looks.acquire(timeout=SECONDS)
    keeper.close()
    assert not keeper._thread.is_alive()
