"""Plans: segments stay few, rows are built seldom, and there is an end to it."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.planning import (
    MOST_FLATS,
    Plan,
    Rule,
    Size,
    count_waiting,
    plan_compaction,
    plan_upkeep,
)

FLAT, IVF, HNSW = Engine.FLAT, Engine.IVF, Engine.HNSW
AUTO = Rule(Engine.AUTO, Tuning(exact_rows=1_000))

RULES = st.builds(
    Rule,
    st.sampled_from(Engine),
    st.builds(
        Tuning, exact_rows=st.sampled_from([0, 300, 1_000]), recall=st.sampled_from([0.9, 0.98])
    ),
)


def flat(rows: int, live: int | None = None) -> Size:
    return Size(FLAT, rows, rows if live is None else live)


def ivf(rows: int, live: int | None = None) -> Size:
    return Size(IVF, rows, rows if live is None else live)


@pytest.mark.parametrize(
    ("segments", "places", "engine"),
    [
        ([], None, None),
        ([flat(1_000)], None, None),
        ([flat(500), flat(501)], (0, 1), IVF),
        ([ivf(3_003), flat(1_001)], (0, 1), IVF),  # at most three times as many come along
        ([ivf(3_004), flat(1_001)], (1,), IVF),
        ([ivf(12_012), flat(1_001), ivf(3_003)], (0, 1, 2), IVF),
        ([flat(10)] * (MOST_FLATS - 1), None, None),
        ([flat(10)] * MOST_FLATS, tuple(range(MOST_FLATS)), FLAT),
        ([flat(10)] * MOST_FLATS + [ivf(5_000)], tuple(range(MOST_FLATS)), FLAT),
        ([flat(500), *[flat(10)] * MOST_FLATS], tuple(range(1, MOST_FLATS + 1)), FLAT),
        ([ivf(5_000, 4_000)], None, None),
        ([ivf(5_000, 3_999)], (0,), IVF),
        ([flat(1_000), ivf(9_000)], (0,), IVF),  # what was few enough alone is not beside a graph
        ([ivf(5_000, 999)], (0,), IVF),
        ([ivf(5_000, 600)], (0,), FLAT),
        ([flat(100, 79), ivf(5_000)], (0,), FLAT),
        ([flat(900, 700), ivf(2_000)], (0, 1), IVF),
    ],
)
def test_what_is_done_next(
    segments: list[Size], places: tuple[int, ...] | None, engine: Engine | None
) -> None:
    plan = plan_upkeep(AUTO, segments)
    assert (plan and plan.places, plan and plan.engine) == (places, engine)


def test_an_index_of_flat_segments_gets_no_graph() -> None:
    rule = Rule(FLAT, Tuning(exact_rows=1_000))
    assert plan_upkeep(rule, [flat(5_000)] * 2) is None
    plan = plan_upkeep(rule, [flat(5_000)] * MOST_FLATS)
    assert plan is not None
    assert plan.engine is FLAT


def test_rows_that_are_too_few_for_a_graph_do_not_wait_for_one() -> None:
    rule = Rule(Engine.IVF, Tuning(exact_rows=10))
    assert plan_upkeep(rule, [flat(300)]) is None
    assert count_waiting(rule, [flat(300)]) == 0
    assert count_waiting(rule, [flat(700), ivf(5_000)]) == 700


def test_rows_that_need_no_graph_do_not_wait_for_one() -> None:
    assert count_waiting(AUTO, [flat(1_000)]) == 0
    assert count_waiting(AUTO, [flat(600), ivf(5_000)]) == 0
    assert count_waiting(AUTO, [flat(1_000), ivf(5_000)]) == 1_000
    assert count_waiting(AUTO, [flat(2_000, 1_001), ivf(5_000)]) == 1_001
    assert count_waiting(Rule(FLAT, Tuning(exact_rows=1_000)), [flat(5_000)]) == 0


@pytest.mark.parametrize(
    ("segments", "places", "engine"),
    [
        ([], None, None),
        ([flat(10)], None, None),
        ([ivf(5_000)], None, None),
        ([flat(5_000)], (0,), IVF),  # its build has failed before
        ([ivf(900)], (0,), FLAT),
        ([ivf(5_000, 4_999)], (0,), IVF),
        ([ivf(50_000), flat(10), flat(10)], (0, 1, 2), IVF),
    ],
)
def test_a_compaction_makes_one_segment_without_dead_rows(
    segments: list[Size], places: tuple[int, ...] | None, engine: Engine | None
) -> None:
    plan = plan_compaction(AUTO, segments)
    assert (plan and plan.places, plan and plan.engine) == (places, engine)


def built_for(engine: Engine, rows: int = 5_000, **tuning: Any) -> Size:
    """A graph, and what it was to be."""
    return Size(engine, rows, rows, Blueprint(engine, replace(AUTO.tuning, **tuning)))


@pytest.mark.parametrize(
    ("rule", "graph", "engine"),
    [
        (AUTO, built_for(IVF), None),
        (Rule(IVF, AUTO.tuning), built_for(IVF), None),  # which is what `auto` builds
        (Rule(HNSW, AUTO.tuning), built_for(IVF), HNSW),
        (Rule(FLAT, AUTO.tuning), built_for(IVF), FLAT),
        (AUTO, built_for(HNSW), IVF),
        (AUTO, built_for(IVF, recall=0.9), IVF),
        (Rule(IVF, replace(AUTO.tuning, nlist=64)), built_for(IVF), IVF),
        (Rule(HNSW, replace(AUTO.tuning, m=16)), built_for(HNSW), HNSW),
        (Rule(HNSW, replace(AUTO.tuning, ef_construction=256)), built_for(HNSW), HNSW),
        # Fewer exact rows touch no graph, and more only one that would not be built now.
        (AUTO, built_for(IVF, exact_rows=2_000), None),
        (Rule(IVF, Tuning(exact_rows=4_999)), built_for(IVF), None),
        (Rule(IVF, Tuning(exact_rows=5_000)), built_for(IVF), FLAT),
        # What an earlier program has built says nothing of it: it knew the usual tuning alone.
        (Rule(IVF, Tuning()), Size(IVF, 60_000, 60_000), None),
        (Rule(HNSW, Tuning()), Size(IVF, 60_000, 60_000), HNSW),
        # Where HNSW found too little, lists are what it was to be.
        (Rule(HNSW, AUTO.tuning), Size(IVF, 5_000, 5_000, Blueprint(HNSW, AUTO.tuning)), None),
    ],
)
def test_a_graph_that_is_not_what_is_asked_for_is_built_anew(
    rule: Rule, graph: Size, engine: Engine | None
) -> None:
    plan = plan_upkeep(rule, [graph])
    assert (plan and plan.engine) == engine
    compaction = plan_compaction(rule, [graph])
    assert (compaction and compaction.engine) == engine


def test_all_graphs_that_are_outdated_become_one() -> None:
    rule = Rule(HNSW, AUTO.tuning)
    segments = [built_for(IVF, 9_000), built_for(IVF), flat(300), built_for(HNSW, 50_000)]
    plan = plan_upkeep(rule, segments)
    assert plan is not None
    assert (plan.places, plan.engine) == ((0, 1, 2), HNSW)


@dataclass
class Growth:
    """Segments of an index that grows and shrinks, and how often its rows were built."""

    rule: Rule
    segments: list[Size] = field(default_factory=list)
    added: int = 0
    built: int = 0

    def seal(self, rows: int) -> None:
        self.segments.append(flat(rows))
        self.added += rows

    def kill(self, place: int, share: float) -> None:
        if self.segments:
            size = self.segments.pop(place % len(self.segments))
            if live := int(size.live * (1 - share)):
                self.segments.append(Size(size.engine, size.rows, live))

    def apply(self, plan: Plan) -> None:
        rows = sum(self.segments[place].live for place in plan.places)
        kept = [each for place, each in enumerate(self.segments) if place not in plan.places]
        made_for = Blueprint(plan.engine, self.rule.tuning)
        self.segments = [*kept, Size(plan.engine, rows, rows, made_for)]
        self.built += rows

    def settle(self) -> None:
        """Do all there is to do; each step must bring the end nearer."""
        for _ in range(2 * len(self.segments) + 2):
            plan = plan_upkeep(self.rule, self.segments)
            if plan is None:
                return
            self.apply(plan)
        pytest.fail(f"no end in sight: {self.segments}")


@given(
    engine=st.sampled_from([Engine.AUTO, Engine.HNSW, FLAT]),
    exact_rows=st.sampled_from([0, 300, 1_000]),
    history=st.lists(
        st.integers(1, 700) | st.tuples(st.integers(0, 50), st.floats(0, 1)) | RULES, max_size=120
    ),
)
@settings(deadline=None, max_examples=200)
def test_there_is_an_end_to_it_whatever_happens(
    engine: Engine, exact_rows: int, history: list[int | tuple[int, float] | Rule]
) -> None:
    growth = Growth(Rule(engine, Tuning(exact_rows=exact_rows)))
    for what in history:
        if isinstance(what, Rule):
            growth.rule = what
        elif isinstance(what, int):
            growth.seal(what)
        else:
            growth.kill(*what)
        growth.settle()
        assert count_waiting(growth.rule, growth.segments) == 0
        compaction = plan_compaction(growth.rule, growth.segments)
        if compaction is not None:
            growth.apply(compaction)
            assert plan_compaction(growth.rule, growth.segments) is None
            assert plan_upkeep(growth.rule, growth.segments) is None


@given(
    engine=st.sampled_from([Engine.AUTO, FLAT]),
    sizes=st.lists(st.integers(1, 500), min_size=1, max_size=20),
    times=st.integers(1, 40),
)
@settings(deadline=None, max_examples=100)
def test_segments_stay_few_and_rows_are_built_a_logarithmic_number_of_times(
    engine: Engine, sizes: list[int], times: int
) -> None:
    growth = Growth(Rule(engine, Tuning(exact_rows=1_000)))
    for rows in sizes * times:
        growth.seal(rows)
        growth.settle()
    # Whatever joins others has at most 3/4 of what they become, and what is left alone more than
    # three times all that is smaller.
    assert growth.built <= growth.added * (1 + math.log(growth.added, 4 / 3))
    assert len(growth.segments) <= 2 * MOST_FLATS + math.log(growth.added, 4)


def test_a_million_rows_are_each_built_a_few_times() -> None:
    growth = Growth(Rule(Engine.AUTO, Tuning()))
    for _ in range(50):
        growth.seal(20_000)
        growth.settle()
    assert growth.built <= 7 * growth.added
    assert len(growth.segments) <= 5
