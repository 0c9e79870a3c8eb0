"""Several writers at once: versions without gaps, in the order of commits, seen in that order."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.errors import Conflict
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota, Record

FREE = Quota(0, 0)
DEFINITION = Definition(uid="u", name="faq", dimension=3)
WRITES = 15


def puts(*ids: str) -> Puts:
    ones = np.ones((len(ids), 3), np.float32)
    return Puts(ids, [None] * len(ids), [None] * len(ids), ones)


@pytest.fixture
def pair(record: Record, record_url: str, record_folder: Path) -> Iterator[tuple[Record, Record]]:
    """Two records of one database where it can be shared, else the same one twice."""
    other = open_record(record_url, record_folder) if record.is_shared else record
    yield record, other
    other.close()


def together(*work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(each) for each in work]:
            done.result()


def test_a_reader_behind_two_writers_misses_nothing(pair: tuple[Record, Record]) -> None:
    first, second = pair
    first.create(DEFINITION)
    seen: list[int] = []
    ended = threading.Event()

    def write(record: Record, name: str) -> Callable[[], None]:
        def run() -> None:
            for number in range(WRITES):
                committed = record.put("u", puts(f"{name}{number}", f"{name}{number}+"), FREE)
                assert committed.changes.versions.tolist() == [
                    committed.version - 1,
                    committed.version,
                ]

        return run

    def read() -> None:
        version = 0
        while not ended.is_set() or version < 4 * WRITES:
            changes = first.changes("u", version, 7)
            seen.extend(changes.versions.tolist())
            assert changes.version == len(seen)
            version = changes.version

    reader = threading.Thread(target=read)
    reader.start()
    together(write(first, "a"), write(second, "b"))
    ended.set()
    reader.join(30)
    assert seen == list(range(1, 4 * WRITES + 1))


def test_writers_of_one_document_take_turns(pair: tuple[Record, Record]) -> None:
    first, second = pair
    first.create(DEFINITION)

    def replace(record: Record) -> Callable[[], None]:
        def run() -> None:
            for _ in range(WRITES):
                record.put("u", puts("same"), FREE)
                record.remove("u", ["same"])

        return run

    together(replace(first), replace(second), replace(first))
    standing = first.standing("u")
    assert (standing.count, standing.size) == (0, 0)
    assert first.changes("u", 0, 10).keys.tolist() == [1]


def test_one_of_two_creators_of_a_name_wins(pair: tuple[Record, Record]) -> None:
    outcomes: list[str] = []

    def create(record: Record, uid: str) -> Callable[[], None]:
        def run() -> None:
            try:
                record.create(Definition(uid=uid, name="default", dimension=3))
                outcomes.append("made")
            except Conflict:
                outcomes.append("taken")

        return run

    together(create(pair[0], "one"), create(pair[1], "two"))
    assert sorted(outcomes) == ["made", "taken"]


def test_two_processes_may_migrate_at_once(postgresql_url: str, record_folder: Path) -> None:
    def run() -> None:
        open_record(postgresql_url, record_folder).close()

    together(run, run, run)


def test_holding_an_index_keeps_writers_out_and_lets_readers_in(
    pair: tuple[Record, Record],
) -> None:
    first, second = pair
    first.create(DEFINITION)
    released = threading.Event()
    was_released: list[bool] = []

    def write() -> None:
        second.put("u", puts("a"), FREE)
        was_released.append(released.is_set())

    writer = threading.Thread(target=write)
    with first.hold("u"):
        writer.start()
        assert first.standing("u").version == 0
        assert second.changes("u", 0, 10).version == 0
        released.set()
    writer.join(30)
    assert was_released == [True]
    assert first.standing("u").version == 1
