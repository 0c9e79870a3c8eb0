"""Whenever the power goes, what was acknowledged is on the disk, and nothing is there by halves."""

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import traced_writer
from embedding_service.indexes.query import Query
from embedding_service.indexes.snapshots import loading, manifests
from embedding_service.indexes.snapshots.stores import open_store
from power import Choose, Disk, by_chance, everything, nothing
from strace import Call, trace
from traced_writer import STEPS, Documents, Opened, after, open_all, vector_of

WRITER = Path(traced_writer.__file__)
STRIDE = 60
"""Calls from one power failure to the next, besides those right after an answer."""
FAILURES = "9+7", "80+83"
"""Which calls fail: of fdatasync, SQLite's, the 9th, then every 7th; of fsync, everybody else's."""
COMMIT = """
import os, sqlite3, sys
folder, acknowledged, synchronous = sys.argv[1:]
told = os.open(acknowledged, os.O_WRONLY | os.O_APPEND)
database = sqlite3.connect(f"{folder}/a.db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute(f"PRAGMA synchronous = {synchronous}")
database.execute("CREATE TABLE t (x)")
for x in range(3):
    database.execute(f"INSERT INTO t VALUES ({x})")
    os.write(told, b"1")
os._exit(0)  # closing would write the log into the file, and synchronise that
"""


@dataclass
class Acknowledged:
    """What the writer has been told until now."""

    possible: list[Documents] = field(default_factory=lambda: [{}])
    """What the documents may be: a write that failed may be there."""
    copies: list[Documents] = field(default_factory=list)
    """What a snapshot may hold."""
    published: int = 0
    """Number of the newest snapshot that must be there."""
    dropped: set[int] = field(default_factory=set)
    next: int = 0
    """The step that may be under way."""

    def tell(self, number: int, answer: int | None) -> None:
        """A step has been answered, or has failed."""
        self.possible = self._after(number, answer)
        self.copies += self.possible
        self.next = number + 1 + (STEPS[number + 1 : number + 2] == ("close",))
        if answer and STEPS[number] == "snapshot":
            self.published = answer
        elif answer and STEPS[number] == "drop":
            self.dropped.add(answer)
            self.published = 0

    @property
    def expected(self) -> list[Documents]:
        """With the step that may be under way."""
        return self._after(self.next, None) if self.next < len(STEPS) else self.possible

    def _after(self, number: int, answer: int | None) -> list[Documents]:
        done = [after(each, number) for each in self.possible]
        found = done if answer is not None else self.possible + done
        return [each for place, each in enumerate(found) if each not in found[:place]]


@dataclass
class Recording:
    """What was called and what was answered, in one order."""

    disk: Path
    acknowledged: Path
    calls: Sequence[Call]

    def replay(self) -> Iterator[tuple[Disk, bytes]]:
        """The disk after each call, and what was told by it."""
        disk = Disk(self.disk)
        for call in self.calls:
            told = b""
            if call.path(call.name == "openat") != self.acknowledged:
                disk.apply(call)
            elif call.name == "write":
                told = call.text(1)
            yield disk, told


def record(folder: Path, program: Sequence[str | Path], *options: str, last: str = "") -> Recording:
    disk, acknowledged = folder / "disk", folder / "acknowledged"
    disk.mkdir(parents=True)
    acknowledged.touch()
    command = [sys.executable, *program, disk, acknowledged, *([last] if last else [])]
    return Recording(disk, acknowledged, trace(command, [disk, acknowledged], folder, *options))


def check(folder: Path, told: Acknowledged) -> None:
    """What is in `folder` is what was acknowledged, and can be worked with."""
    store = open_store((folder / "snapshots").as_uri())
    listed = manifests.snapshots(store, "u")
    assert listed.unreadable == []
    there = {manifest.number for manifest in listed.manifests}
    is_dropping = STEPS[told.next : told.next + 1] == ("drop",)
    assert not told.published or told.published in there or is_dropping
    assert told.dropped.isdisjoint(there)
    for manifest in listed.manifests:
        assert loading.verify(store, "u", manifest) == []
        parts = loading.documents(store, "u", manifest)
        held = {each.id: each.text for part in parts for each in part}
        assert held in [*told.copies, *told.expected]
    with closing(open_all(folder)) as life:
        documents = read(life)
        assert documents in told.expected
        assert find(life) == documents.keys()
        life.do(0)
        assert read(life) == after(documents, 0)


def read(life: Opened) -> Documents:
    page = life.index.page(0, 1_000)
    assert all(each.vector.tolist() == vector_of(each.text or "") for each in page)
    return {each.id: each.text or "" for each in page}


def find(life: Opened) -> set[str]:
    """All that a search finds."""
    query = Query(np.ones((1, 4), dtype=np.float32), top_k=1_000, wants_documents=False)
    found, _ = life.index.search(query)
    return set(found.queries[0].ids)


def lose_power(recording: Recording, target: Path, stride: int) -> list[str]:
    """Check a disk after each answer and after every few calls; which steps were answered."""
    acknowledged = Acknowledged()
    answered: list[str] = []
    for place, (disk, told) in enumerate(recording.replay()):
        choices: list[Choose] = []
        if told:
            number, answer = json.loads(told)
            acknowledged.tell(number, answer)
            answered += [] if answer is None else [STEPS[number]]
            choices = [nothing]
        if place % stride == 0:
            choices += [everything, by_chance(place)]
        for choose in choices:
            disk.build(target, choose)
            check(target, acknowledged)
            shutil.rmtree(target)
    return answered


def failing(of_data: str, of_files: str) -> list[str]:
    """What strace is told."""
    return [
        f"--inject={call}:error=EIO:when={which}"
        for call, which in (("fdatasync", of_data), ("fsync", of_files))
    ]


def test_whenever_the_power_goes_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """Nor what was acknowledged after an fsync had failed."""
    recording = record(tmp_path, [WRITER], *failing(*FAILURES))
    answered = lose_power(recording, tmp_path / "found", STRIDE)
    assert set(answered) == set(STEPS) - {"close"}
    assert answered.count("snapshot") > 1
    failed = {call.name for call in recording.calls if call.result == -1 and "sync" in call.name}
    assert failed == {"fsync", "fdatasync"}


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "failures", [(), ("5+9", "40+61"), ("7+13", "50+97"), ("6+5", "70+73")], ids=str
)
def test_after_any_call_the_power_may_go(
    failures: tuple[str, ...], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    options = failing(*failures) if failures else []
    recording = record(tmp_path, [WRITER], *options)
    answered = lose_power(recording, tmp_path / "found", stride=3 if failures else 1)
    assert failures or answered == [step for step in STEPS if step != "close"]
    record_property("calls", len(recording.calls))


@pytest.mark.parametrize(
    ("synchronous", "is_safe"), [("OFF", False), ("NORMAL", False), ("FULL", True)]
)
def test_a_log_that_is_not_synchronised_would_be_found_out(
    synchronous: str, is_safe: bool, tmp_path: Path
) -> None:
    recording = record(tmp_path, ["-c", COMMIT], last=synchronous)
    told, lost = 0, 0
    for place, (disk, answer) in enumerate(recording.replay()):
        told += len(answer)
        if answer:
            disk.build(tmp_path / f"found {place}", nothing)
            lost += told - count_rows(tmp_path / f"found {place}" / "a.db")
    assert told == 3
    assert (lost == 0) == is_safe


def count_rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        try:
            (count,) = database.execute("SELECT count(*) FROM t").fetchone()
        except sqlite3.OperationalError:  # not even the table is there
            return 0
        return int(count)
