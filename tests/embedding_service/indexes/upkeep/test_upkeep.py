"""Upkeep: the documents stay the same, whatever is built, written meanwhile, or fails."""

import resource
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
from structlog.testing import capture_logs

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import build
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.building import BuildFailed, WorkshopClosed
from house import House
from index_model import Row, random_matrix, random_rows
from kept_index import DIMENSION, KeptIndex, NotingView, found_in
from waiting import wait_until

SECONDS = 60.0
ROWS = 2_000
ENGINES = [Engine.HNSW, Engine.IVF]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path / "building")
    yield opened
    opened.upkeep.close()


def no_child() -> bool:
    found = psutil.Process().children()
    return not any("upkeep.builder" in " ".join(each.cmdline()) for each in found)


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_that_wait_are_built_and_found_as_before(house: House, engine: Engine) -> None:
    index = KeptIndex(engine, rows=ROWS + 100)
    before = found_in(index)
    assert house.upkeep.count_waiting(index) == ROWS
    house.settle(index)
    assert index.engines == [engine]
    assert index.adopted == [Engine.FLAT, engine]
    assert found_in(index) == before
    assert house.upkeep.count_waiting(index) == 0
    assert house.files() == []
    assert (house.sample("index_recall_ratio", index) or 0) >= 0.98
    assert house.sample("index_build_duration_seconds_count", index) == 1


def test_few_rows_stay_as_they_are(house: House) -> None:
    index = KeptIndex(rows=1_000)
    assert not house.upkeep.look_after([index])
    assert index.engines == [Engine.FLAT, Engine.FLAT]


def test_what_is_written_while_a_segment_is_built_is_not_lost(house: House) -> None:
    index, twin = KeptIndex(Engine.HNSW, rows=ROWS), KeptIndex(Engine.HNSW, rows=ROWS)
    new = random_matrix(1, DIMENSION, 9)[0].tolist()
    changes = [Row(key, ROWS + key, None) for key in range(1, 400)]  # removed
    changes += [Row(key, ROWS + key, new) for key in range(400, 800)]  # replaced
    changes += random_rows(300, DIMENSION, seed=3, first=ROWS + 800)  # added
    twin.write(changes)
    house.bench.before = lambda: index.write(changes)
    house.upkeep.look_after([index])
    assert Engine.HNSW in index.engines
    assert found_in(index) == found_in(twin)
    house.bench.before = lambda: None
    house.settle(index)  # 800 of its 2,000 rows are dead by now
    assert [(s.engine, len(s) - live.ones) for s, live in index.sealed] == [(Engine.HNSW, 0)]
    assert found_in(index) == found_in(twin)


def test_rows_are_in_the_file_alone_while_they_are_built(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    in_memory = [weakref.ref(segment) for segment, _ in index.sealed]

    def check() -> None:
        assert [type(segment.matrix) for segment, _ in index.sealed] == [np.memmap]
        assert [each() for each in in_memory] == [None] * 4

    house.bench.before = check
    house.upkeep.look_after([index])
    assert index.engines == [Engine.HNSW]


def test_a_graph_is_searched_until_there_is_a_better_one(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    house.settle(index)
    index.write(random_rows(1_000, DIMENSION, seed=3, first=ROWS + 1))
    before = found_in(index)
    seen: list[list[Engine]] = []
    house.bench.before = lambda: seen.append(index.engines)
    house.settle(index)
    assert seen == [[Engine.HNSW, Engine.FLAT, Engine.FLAT]]
    assert [(s.engine, len(s)) for s, _ in index.sealed] == [(Engine.HNSW, ROWS + 1_000)]
    assert found_in(index) == before


def test_a_segment_that_is_sealed_meanwhile_is_not_taken_for_another(house: House) -> None:
    index, read = KeptIndex(Engine.FLAT, rows=2 * ROWS), 0

    class Restless(NotingView):
        """Its segments stand in another order each time they are asked for."""

        @property
        def sealed(self) -> tuple[tuple[Sealed, Bitmap], ...]:
            nonlocal read
            read += 1
            return self.state.sealed[read:] + self.state.sealed[:read]

    restless = KeptIndex(Engine.FLAT)
    restless.view = Restless(restless.definition, 500)
    restless.view.load(index.sealed, index.view.version)
    before = found_in(restless)
    assert house.upkeep.look_after([restless])
    assert found_in(restless) == before


def test_dead_rows_go(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    merged = concatenate(index.sealed)
    index.view.adopt(merged.with_graph(build(Engine.HNSW, merged.matrix, merged.metric)))
    index.write([Row(key, ROWS + key, None) for key in range(1, 601)])
    before = found_in(index)
    house.settle(index)
    assert [(s.engine, len(s), live.ones) for s, live in index.sealed] == [
        (Engine.HNSW, ROWS - 600, ROWS - 600)
    ]
    assert found_in(index) == before


def test_a_build_that_fails_is_told_and_tried_again_after_longer_and_longer_rests(
    house: House,
) -> None:
    index, other = KeptIndex(Engine.HNSW, rows=ROWS), KeptIndex(Engine.HNSW, "u2", rows=ROWS)
    before = found_in(index, is_exact=False)

    def fail() -> None:
        tried.append(house.now)
        raise BuildFailed("the builder ended with -9")

    tried: list[float] = []
    house.bench.before = fail
    with capture_logs() as logs:
        while len(tried) < 9:
            assert not house.upkeep.look_after([index])
            house.now += 30.0
    rests = [later - earlier for earlier, later in pairwise(tried)]
    assert rests == [60.0, 120.0, 240.0, 480.0, 960.0, 1_920.0, 3_600.0, 3_600.0]
    assert [entry["again_in_seconds"] for entry in logs] == [*rests, 3_600.0]
    assert {(entry["event"], entry["index"]) for entry in logs} == {("a build failed", "books-u1")}
    assert house.failures(index) == 9
    assert index.engines == [Engine.FLAT]
    assert found_in(index, is_exact=False) == before
    assert house.files() == []
    house.bench.before = lambda: None
    assert house.upkeep.look_after([index, other])  # one rests, the other does not
    assert (index.engines, other.engines) == ([Engine.FLAT], [Engine.HNSW])
    house.now += 3_600.0
    assert house.upkeep.look_after([index])
    assert index.engines == [Engine.HNSW]


def test_a_child_that_is_killed_leaves_the_index_searched_exactly(
    house: House,
) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    before = found_in(index, is_exact=False)
    with capture_logs() as logs, ThreadPoolExecutor(1) as pool:
        working = pool.submit(house.upkeep.look_after, [index])
        child = wait_until(lambda: house.bench._child, SECONDS, "a child")
        child.kill()
        assert not working.result(SECONDS)
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("error", "a build failed")]
    assert house.failures(index) == 1
    assert index.engines == [Engine.FLAT]
    assert found_in(index, is_exact=False) == before
    assert house.files() == []


def test_a_full_disk_leaves_the_index_as_it_was(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = found_in(index)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with capture_logs():  # which would find no room either
            assert not house.upkeep.look_after([index])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert house.failures(index) == 1
    assert index.engines == [Engine.FLAT] * 4
    assert found_in(index) == before
    assert house.files() == []
    house.now += 60.0
    assert house.upkeep.look_after([index])
    assert index.engines == [Engine.HNSW]


def test_a_graph_that_finds_too_little_is_not_taken(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    house.bench.after = lambda built: replace(built, recall=0.979)
    with capture_logs():
        assert not house.upkeep.look_after([index])
    assert index.engines == [Engine.FLAT]
    assert house.failures(index) == 1
    assert house.sample("index_recall_ratio", index) == 0.979


def test_where_a_graph_was_built_is_told_and_why_not_on_the_gpu(house: House) -> None:
    index = KeptIndex(Engine.IVF, rows=ROWS)
    house.bench.after = lambda built: replace(built, fallback="out of memory")
    with capture_logs() as logs:
        assert house.upkeep.look_after([index])
    failed, done = logs
    assert (failed["log_level"], failed["error"]) == ("warning", "out of memory")
    assert (done["engine"], done["device"]) == (Engine.IVF, "cpu")
    assert house.failures(index) == 0
    assert index.engines == [Engine.IVF]


def test_a_graph_of_another_engine_than_asked_for_is_told(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    same = random_matrix(1, DIMENSION, 9)[0].tolist()
    index.write([Row(key, ROWS + key, same) for key in range(1, 501)])  # sealed
    with capture_logs() as logs:
        house.settle(index)
    assert [(log["log_level"], log["engine"]) for log in logs] == [
        ("warning", Engine.HNSW),
        ("info", Engine.IVF),
    ]
    assert index.engines == [Engine.IVF]


def test_a_compaction_makes_all_segments_one(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    index.write([Row(1, ROWS + 1, None)])
    begun: list[bool] = []
    assert house.upkeep.compact(index, lambda: begun.append(True))
    assert [(s.engine, len(s)) for s, _ in index.sealed] == [(Engine.HNSW, ROWS - 1)]
    assert begun == [True]
    assert not house.upkeep.compact(index)
    assert house.bench.builds == 1


def test_a_compaction_that_fails_tells_its_caller(house: House) -> None:
    index = KeptIndex(Engine.HNSW, rows=ROWS)
    house.bench.after = lambda built: replace(built, recall=0.5)
    with pytest.raises(BuildFailed, match=r"recall@10 is 0\.500"):
        house.upkeep.compact(index)
    assert index.engines == [Engine.FLAT]


def test_closing_ends_the_child_and_tells_of_no_failure(house: House) -> None:
    index, next_one = KeptIndex(Engine.HNSW, rows=ROWS), KeptIndex(Engine.HNSW, "u2", rows=ROWS)
    is_building = threading.Event()
    house.bench.before = is_building.set
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(house.upkeep.look_after, [index, next_one])
        assert is_building.wait(SECONDS)
        house.upkeep.close()
        assert not working.result(SECONDS)
    assert no_child()
    assert list(house.folder.iterdir()) == []
    assert house.failures(index) == 0
    assert index.engines == [Engine.FLAT]  # its rows, in a file that has gone
    assert len(next_one.engines) == 4
    with pytest.raises(WorkshopClosed):
        house.upkeep.compact(index)
