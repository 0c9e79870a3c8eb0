"""Any sequence of calls, of snapshots, restarts and kills: the answers are those of a dict."""

import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from document_model import Documents
from document_rules import (
    BATCHES,
    CHANGES,
    NAME,
    QUERIES,
    Batch,
    Change,
    DocumentRules,
    addition_of,
)
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.records.record import JobState
from embedding_service.indexes.tuning import Tuning
from embedding_service.jobs.requests import JobFacts
from embedding_service.retrieval.requests import Added, IndexFacts, Restoration, SnapshotFacts
from mortality import Point
from served_process import Died, served_process

COPY = "copy"
DELAYS = st.integers(0, 2_000)
POINTS = st.one_of(
    st.builds(Point, st.just("statement"), st.integers(1, 14)),
    st.builds(Point, st.just("commit"), st.just(1), DELAYS),
    st.builds(Point, st.sampled_from(["apply", "seal"]), st.integers(1, 2)),
)
"""Of an addition. The process does not come to all of them, and is killed when it has answered."""
POINTS_OF_WORK = st.one_of(
    st.builds(Point, st.just("statement"), st.integers(1, 40)),
    st.builds(Point, st.just("commit"), st.integers(1, 6), DELAYS),
    st.builds(Point, st.just("publish"), st.integers(1, 150), DELAYS),
    st.builds(
        Point,
        st.sampled_from(["adopt", "announce", "apply", "compact", "gather", "purge"]),
        st.integers(1, 3),
    ),
)


ENGINES = st.builds(
    Blueprint,
    st.sampled_from(Engine),
    st.builds(Tuning, recall=st.sampled_from([0.9, 0.98]), m=st.sampled_from([16, 32])),
)
POINTS_OF_ASKING = st.one_of(
    st.builds(Point, st.just("statement"), st.integers(1, 8)),
    st.builds(Point, st.sampled_from(["commit", "retune"]), st.integers(1, 2), DELAYS),
)


class RetrievalAgainstDocuments(DocumentRules):
    most_ends: int
    """Of the process in one example: to start another is the slowest step by far."""
    snapshots = Bundle("snapshots")
    """Id, and what was there."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = 0
        self.engine = Blueprint(Engine.AUTO, Tuning())
        self.listed: dict[str, int] = {}
        """Version by id of each snapshot that was told of."""

    def may_end(self) -> bool:
        return self.ends < self.most_ends

    def work(self, method: str, *arguments: Any, **named: Any) -> JobFacts:
        """Do a job to its end."""
        job: JobFacts = self.process.call(f"jobs.{method}", *arguments, **named)
        assert job.state is JobState.SUCCEEDED, job
        return job

    @rule(target=snapshots, changes=CHANGES)
    def take_snapshot(self, changes: Sequence[Change]) -> tuple[str, Documents]:
        self.change(changes)
        told = self.work("snapshots.publish", NAME).detail
        assert (told["version"], told["count"]) == (self.model.version, len(self.model.entries))
        id_ = str(told["snapshot"])
        self.listed[id_] = self.model.version
        return id_, self.model.copy()

    @rule(snapshot=consumes(snapshots))
    def drop_snapshot(self, snapshot: tuple[str, Documents]) -> None:
        id_, _ = snapshot
        self.process.call("retrieval.snapshots.drop", NAME, id_)
        del self.listed[id_]

    @rule(snapshot=snapshots, changes=CHANGES)
    def restore_in_place(self, snapshot: tuple[str, Documents], changes: Sequence[Change]) -> None:
        self.change(changes)
        id_, then = snapshot
        told = self.work("snapshots.restore", NAME, in_place(id_)).detail
        written, removed = self.model.restore(then)
        assert (told["written"], told["removed"]) == (written, removed)
        assert told["version"] == self.model.version

    @rule(snapshot=snapshots)
    def restore_into_another_index(self, snapshot: tuple[str, Documents]) -> None:
        id_, then = snapshot
        self.work("snapshots.restore", NAME, Restoration(snapshot=id_, into=COPY))
        copy = Documents(then.metric)
        copy.put([(each, then.entries[each][1]) for each in then.by_age()])
        self.compare(COPY, copy)
        assert self.list_versions(COPY, 100) == copy.list_versions()
        self.call("drop", COPY, COPY)

    @rule(step=st.sampled_from(["reload", "compact", "check", "list_snapshots"]), changes=CHANGES)
    def look_after(self, step: str, changes: Sequence[Change]) -> None:
        self.change(changes)
        getattr(self, step)()

    def reload(self) -> None:
        assert self.work("snapshots.reload", NAME).detail["version"] == self.model.version

    def compact(self) -> None:
        told = self.work("compact", NAME).detail
        assert told["purged"] == self.model.forget_removed()

    def check(self) -> None:
        told = self.work("snapshots.check", NAME, repair=False).detail
        assert (told["problems"], told["documents"]) == ([], len(self.model.entries))

    def list_snapshots(self) -> None:
        """One whose maker died at the last moment may be there as well."""
        found: Sequence[SnapshotFacts] = self.process.call("retrieval.snapshots.all", NAME)
        assert {each.id: each.version for each in found}.items() >= self.listed.items()
        for each in found:
            assert each.fault is None
            assert self.process.call("retrieval.snapshots.verify", NAME, each.id) == []

    @rule(wanted=ENGINES)
    def ask_for_another_engine(self, wanted: Blueprint) -> None:
        """It stays, whatever ends in between, until another one is asked for."""
        self.call("retune", NAME, wanted)
        self.engine = wanted

    @invariant()
    def has_the_engine_that_was_asked_for_last(self) -> None:
        facts: IndexFacts = self.call("describe", NAME)
        assert Blueprint(facts.engine, facts.tuning) == self.engine

    @precondition(may_end)
    @rule(wanted=ENGINES, point=POINTS_OF_ASKING)
    def kill_while_asking_for_another_engine(self, wanted: Blueprint, point: Point) -> None:
        """It is there with its parameters, or the one before is."""
        self.ends += 1
        try:
            self.process.call_and_die(point, "retrieval.retune", NAME, wanted)
            self.engine = wanted
        except Died:
            facts: IndexFacts = self.call("describe", NAME)
            found = Blueprint(facts.engine, facts.tuning)
            assert found in {self.engine, wanted}
            self.engine = found
        self.compare(NAME, self.model)

    @precondition(may_end)
    @rule(is_killed=st.booleans(), changes=CHANGES)
    def restart(self, *, is_killed: bool, changes: Sequence[Change]) -> None:
        self.ends += 1
        self.change(changes)
        if is_killed:
            self.process.kill()
        else:
            self.process.stop()

    @precondition(may_end)
    @rule(batch=BATCHES, point=POINTS)
    def kill_while_adding(self, batch: Batch, point: Point) -> None:
        """All of it is there or nothing, all of it where it was answered, and never twice."""
        self.ends += 1
        addition = addition_of(batch, f"kill {self.ends}")
        try:
            self.put(batch, self.process.call_and_die(point, "retrieval.add", NAME, addition))
            was_there = True
        except Died:
            (answer,) = self.ask(NAME, QUERIES[:1])
            was_there = answer.version != self.model.version
            if was_there:
                self.model.put(batch)
        self.compare(NAME, self.model)
        again: Added = self.call("add", NAME, addition)
        assert again.is_repeated == was_there
        if was_there:
            assert again.version == self.model.version
        else:
            self.put(batch, again)

    @precondition(may_end)
    @rule(snapshot=snapshots, point=POINTS_OF_WORK, changes=CHANGES)
    def kill_while_restoring(
        self, snapshot: tuple[str, Documents], point: Point, changes: Sequence[Change]
    ) -> None:
        """The same restore finishes it, with no version more than one alone would take."""
        self.change(changes)
        id_, then = snapshot
        self.kill_while_working(point, "snapshots.restore", NAME, in_place(id_))
        self.work("snapshots.restore", NAME, in_place(id_))
        self.model.restore(then)

    @precondition(may_end)
    @rule(
        method=st.sampled_from(["compact", "snapshots.publish", "snapshots.reload"]),
        point=POINTS_OF_WORK,
        changes=CHANGES,
    )
    def kill_while_looking_after(
        self, method: str, point: Point, changes: Sequence[Change]
    ) -> None:
        self.change(changes)
        self.kill_while_working(point, method, NAME)
        if method == "compact":
            self.compare(NAME, self.model)
            self.work("compact", NAME)  # nobody knows whether removals are forgotten
            self.model.forget_removed()

    def kill_while_working(self, point: Point, method: str, *arguments: Any) -> None:
        self.ends += 1
        try:
            job = self.process.call_and_die(point, f"jobs.{method}", *arguments)
        except Died:
            return
        assert job.state is JobState.SUCCEEDED, job


def in_place(id_: str) -> Restoration:
    return Restoration(snapshot=id_, confirmation=NAME)


def check(url: str, folder: Path, examples: int, steps: int, seed: int | None = None) -> None:
    bounds = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=seed is None,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
    )
    with served_process(url, folder) as process:
        given = {"process": process, "most_ends": steps // 10}
        machine = type("Machine", (RetrievalAgainstDocuments,), given)
        run_state_machine_as_test(
            machine if seed is None else hypothesis.seed(seed)(machine), settings=bounds
        )


@pytest.mark.timeout(620)  # shrinking takes half of it
def test_answers_are_those_of_a_dict(record_url: str, record_folder: Path) -> None:
    check(record_url, record_folder, examples=25, steps=20)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_answers_stay_those_of_a_dict(
    record_url: str, record_folder: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    record_property("seed", seed)
    sys.stdout.write(f"seed: {seed}\n")
    check(record_url, record_folder, examples=200, steps=50, seed=seed)
