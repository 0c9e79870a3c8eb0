"""Several processes on one PostgreSQL: one builds a graph, the others search the same one."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from backups import Backup
from embedding_service.environment import child_environment
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Definition, Engine, Metric
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.segments import files
from embedding_service.indexes.snapshots import layout
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import SnapshotStoreUnavailable
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.telemetry.index_metrics import IndexMetrics
from house import SMALL, Bench
from index_model import random_matrix
from open_indexes import FREE
from replicas import DIMENSION, Replica

ROWS = 1_200
DEFINITION = Definition("u1", "faq", DIMENSION, Metric.DOT, Engine.HNSW, tuning=SMALL)


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return open_store((tmp_path / "store").as_uri())


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def join(postgresql_url: str, tmp_path: Path, store: BlobStore, opened: ExitStack) -> object:
    """Start one more process; on a store of its own where it is given one."""

    def start(own: BlobStore | None = None) -> Replica:
        number = len(list(tmp_path.glob("process*")))
        folder = tmp_path / f"process{number}"
        record = open_record(postgresql_url, folder)
        opened.callback(record.close)
        if not number:
            record.create(DEFINITION)
        metrics = IndexMetrics(CollectorRegistry())
        archive = Archive(own or store, folder, Policy(1, timedelta(0)), "1", record.build)
        index = Index(record, DEFINITION, FREE, metrics, archive)
        index.follow()
        bench = Bench(folder / "building", child_environment(), threads=1)
        upkeep = Upkeep(bench, metrics, clock=lambda: replica.now)
        opened.callback(upkeep.close)
        replica = Replica(record, archive, index, bench, upkeep)
        return replica

    return start


Join = Callable[..., Replica]


def fill(replica: Replica, rows: int = ROWS, start: int = 0) -> None:
    matrix = np.ascontiguousarray(random_matrix(start + rows, DIMENSION, 3)[start:])
    ids = [str(row) for row in range(start, start + rows)]
    replica.index.put(Puts(ids, [None] * rows, [None] * rows, matrix))


def test_one_builds_and_the_other_searches_the_same_graph(join: Join) -> None:
    one, other = join(), join()
    fill(one)
    one.settle()
    other.settle()
    assert (one.bench.builds, other.bench.builds) == (1, 0)
    assert one.engines == [Engine.HNSW]
    assert one.graphs == other.graphs
    assert one.answer() == other.answer()


def test_a_process_that_starts_later_searches_it_too(join: Join) -> None:
    one = join()
    fill(one)
    one.settle()
    later = join()
    later.settle()
    assert later.bench.builds == 0
    assert later.graphs == one.graphs


def test_another_engine_is_built_by_one_and_searched_by_all(join: Join) -> None:
    one, other = join(), join()
    fill(one)
    one.settle()
    other.settle()
    before = one.answer()
    earlier = other.index.standing()
    one.record.retune("u1", Blueprint(Engine.IVF, SMALL))
    one.settle()
    other.index.take_builds()
    other.index.hear(earlier)  # as from an answer that was on its way
    assert not other.upkeep.look_after([other.index])
    assert (one.bench.builds, other.bench.builds) == (2, 0)
    assert one.engines == other.engines == [Engine.IVF]
    assert one.graphs == other.graphs
    assert one.answer() == other.answer() == before


def test_who_starts_with_graphs_of_another_engine_searches_them_until_there_are_others(
    join: Join,
) -> None:
    one = join()
    fill(one)
    one.settle()
    one.archive.publish(one.index)
    before = one.answer()
    one.record.retune("u1", Blueprint(Engine.IVF, SMALL))
    later = join()
    assert later.engines == [Engine.HNSW]
    assert later.answer() == before
    later.settle()
    assert later.engines == [Engine.IVF]
    assert later.answer() == before


def test_what_was_written_and_removed_meanwhile_stays_so(join: Join) -> None:
    one, other = join(), join()
    fill(one)

    def write() -> None:
        fill(other, 5, start=ROWS)
        other.index.remove(["1", "2"])

    one.bench.before = write
    one.settle()
    other.settle()
    for replica in (one, other):
        assert replica.index.describe().live == ROWS + 3
    assert one.answer() == other.answer()


def test_nobody_builds_beside_the_one_in_office(join: Join) -> None:
    one, other = join(), join()
    fill(one)
    with one.index.office() as is_ours:
        assert is_ours
        assert not other.look()
        assert Engine.HNSW not in other.engines
    other.settle()
    assert other.bench.builds == 1


def test_the_office_of_a_process_that_dies_is_free(join: Join) -> None:
    one, other = join(), join()
    fill(one)
    with one.index.office():
        election = one.index._sharing._election
        assert election is not None
        assert election._connection is not None
        election._connection.close()  # as the kernel does with a dead process's
        other.settle()
    assert other.bench.builds == 1


def test_who_has_lost_the_office_meanwhile_keeps_the_graph_to_itself(join: Join) -> None:
    one, other = join(), join()
    fill(one)

    def be_cut_off_and_replaced() -> None:
        election = one.index._sharing._election
        assert election is not None
        assert election._connection is not None
        election._connection.close()
        other.settle()

    one.bench.before = be_cut_off_and_replaced
    one.look()
    assert other.record.build("u1").number == 1
    one.settle()
    assert one.graphs == other.graphs


def test_without_a_shared_store_each_builds_its_own_and_says_so(join: Join, tmp_path: Path) -> None:
    one = join()
    other = join(open_store((tmp_path / "another store").as_uri()))
    fill(one)
    one.settle()
    with capture_logs() as told:
        other.settle()
    assert other.bench.builds == 1
    assert other.engines == [Engine.HNSW]
    assert other.record.build("u1").number == 1  # or they would overtake each other for ever
    warnings = [each["event"] for each in told if each["log_level"] == "warning"]
    assert len(warnings) == 1
    assert "SNAPSHOT_URL" in warnings[0]


def test_a_store_that_is_away_costs_the_sharing_alone(
    join: Join, store: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SnapshotStoreUnavailable("store", "away")

    one, other = join(), join()
    fill(one)
    with monkeypatch.context() as away:
        away.setattr(store, "create", refuse)
        one.look()
        assert one.engines == [Engine.HNSW]
        assert one.record.build("u1").number == 0
    other.settle()
    assert other.bench.builds == 1
    one.settle()
    assert one.graphs == other.graphs


def test_a_graph_over_lost_documents_is_told_to_nobody(join: Join) -> None:
    one = join()
    backup = Backup(one.record)
    fill(one)
    one.bench.before = backup.put_back
    one.look()
    assert one.record.build("u1").number == 0
    one.settle()
    assert one.index.describe().live == 0


def test_a_compaction_waits_for_the_office(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = join(), join()
    fill(one)
    other.index.follow()
    other.index.view._state = other.index.view._sealed(other.index.view.state)
    with ExitStack() as office:
        office.enter_context(one.index.office())
        # What it does between two tries.
        monkeypatch.setattr(other.upkeep._closing, "wait", lambda _: office.close())
        assert other.upkeep.compact(other.index)
    assert other.graphs
    one.settle()
    assert one.graphs == other.graphs


def test_a_snapshot_takes_the_files_of_a_shared_graph_as_they_are(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("written again")

    one = join()
    fill(one)
    one.settle()
    monkeypatch.setattr(files, "write", refuse)
    manifest = one.archive.publish(one.index)
    assert manifest.segments is not None
    (item,) = manifest.segments.items
    shared = {name: digest.sha256 for name, digest in one.record.build("u1").segments[0].items()}
    assert {name: blob.sha256 for name, blob in item.files.items()} == shared


def test_shared_files_stay_and_those_of_earlier_graphs_go(join: Join, tmp_path: Path) -> None:
    one = join()
    fill(one)
    one.settle()
    earlier = {each.sha256 for each in one.record.build("u1").segments[0].values()}
    fill(one, start=ROWS)
    one.settle()
    now = {each.sha256 for each in one.record.build("u1").segments[0].values()}
    blobs = list((tmp_path / "store").rglob("*.bin"))
    old = time.time() - 2 * layout.GRACE.total_seconds()
    for blob in blobs:
        os.utime(blob, (old, old))
    one.archive.collect("u1")
    left = {blob.stem for blob in (tmp_path / "store").rglob("*.bin")}
    assert left == now
    assert earlier - now
