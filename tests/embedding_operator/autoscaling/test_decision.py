"""Replicas by load: within bounds, after windows, and without flapping."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import NOW
from embedding_operator.autoscaling.decision import Decision, Policy, Sample, desired_replicas

BUSY = {"in_flight": 8.0}
POLICY = Policy(1, 10, BUSY)
EAGER = Policy(1, 10, BUSY, down=timedelta(0))
PASS = timedelta(seconds=5)


def decide(
    figures: Sequence[float] | dict[str, Sequence[float]],
    current: int,
    policy: Policy = EAGER,
    history: Sequence[Sample] = (),
) -> Decision:
    loads = figures if isinstance(figures, dict) else {"in_flight": figures}
    return desired_replicas(loads, current, policy, history, NOW)


@dataclass
class Pods:
    """An index under a load that all its pods share; those that start take some passes."""

    policy: Policy
    current: int = 1
    starts: int = 0
    """Passes until a new pod is ready."""
    history: tuple[Sample, ...] = ()
    passes: int = 0
    told: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)

    def run(self, load: float, passes: int) -> int:
        """`load` is that of all pods together; replicas after `passes`."""
        for _ in range(passes):
            self._pass(load)
        return self.current

    def _pass(self, load: float) -> None:
        self.passes += 1
        self.waiting = [each - 1 for each in self.waiting if each > 1]
        ready = max(0, self.current - len(self.waiting))
        figures = {"in_flight": [load / ready] * ready}
        now = NOW + self.passes * PASS
        decision = desired_replicas(figures, self.current, self.policy, self.history, now)
        more = decision.replicas - self.current
        self.waiting = self.waiting[: max(0, len(self.waiting) + min(0, more))]
        self.waiting += [self.starts] * max(0, more if self.starts else 0)
        self.current, self.history = decision.replicas, decision.history
        self.told.append(decision.replicas)


def minutes(count: float) -> int:
    """In passes."""
    return int(count * 60 / PASS.total_seconds())


@pytest.mark.parametrize(
    ("figures", "current", "wanted"),
    [([16], 1, 2), ([17], 1, 3), ([8, 8], 2, 2), ([2, 2], 2, 1), ([0, 0, 0], 3, 1), ([99], 1, 10)],
)
def test_the_load_over_its_target_says_how_many(
    figures: list[float], current: int, wanted: int
) -> None:
    assert decide(figures, current).replicas == wanted


@pytest.mark.parametrize(("figure", "wanted"), [(8.8, 10), (8.9, 12), (7.2, 10), (7.1, 9)])
def test_a_load_that_is_nearly_its_target_changes_nothing(figure: float, wanted: int) -> None:
    policy = Policy(1, 20, BUSY, down=timedelta(0))
    assert decide([figure] * 10, 10, policy).replicas == wanted


def test_the_figure_that_asks_for_most_decides() -> None:
    policy = Policy(1, 10, {"in_flight": 8.0, "cpu": 50.0, "queue_wait": 1.0})
    assert decide({"in_flight": [4.0], "cpu": [150.0], "queue_wait": []}, 1, policy).replicas == 3


def test_without_figures_nothing_changes() -> None:
    decision = decide([], 4)
    assert (decision.replicas, decision.reason) == (4, "NoFigures")


@pytest.mark.parametrize(("current", "wanted"), [(0, 1), (99, 10)])
def test_bounds_that_have_moved_are_kept_to_at_once(current: int, wanted: int) -> None:
    assert decide([8.0], current, POLICY).replicas == wanted
    assert decide([8.0], current, POLICY).reason == "OutOfBounds"


def test_more_come_at_once_and_fewer_after_five_minutes() -> None:
    pods = Pods(POLICY)
    assert pods.run(32, 1) == 4
    assert pods.run(8, minutes(4.9)) == 4
    assert pods.run(8, minutes(0.3)) == 1


def test_one_idle_minute_does_not_scale_down() -> None:
    pods = Pods(POLICY)
    pods.run(32, minutes(10))
    assert pods.run(0, minutes(1)) == 4
    pods.run(32, 1)
    assert pods.run(0, minutes(4.5)) == 4


def test_after_a_restart_of_the_operator_a_window_begins_anew() -> None:
    pods = Pods(POLICY, current=4)
    assert pods.run(8, minutes(4.9)) == 4
    assert pods.run(8, minutes(0.3)) == 1


def test_after_a_pause_of_the_operator_a_window_begins_anew() -> None:
    pods = Pods(POLICY)
    pods.run(32, minutes(6))
    pods.run(0, 1)
    pods.passes += minutes(10)
    assert pods.run(8, minutes(4.9)) == 4
    assert pods.run(8, minutes(0.3)) == 1


def test_as_many_as_were_wanted_at_most_within_the_window_stay() -> None:
    pods = Pods(POLICY)
    pods.run(80, 1)
    pods.run(48, minutes(3))
    assert pods.run(8, minutes(4.5)) == 6
    assert pods.run(8, minutes(1)) == 1


def test_more_come_after_their_window_too() -> None:
    pods = Pods(Policy(1, 10, BUSY, up=timedelta(minutes=1)))
    assert pods.run(32, minutes(1)) == 1
    assert pods.run(32, 2) == 4


def test_a_short_peak_within_the_window_adds_nothing() -> None:
    pods = Pods(Policy(1, 10, BUSY, up=timedelta(minutes=1)))
    for _ in range(5):
        pods.run(32, 6)
        pods.run(8, 2)
    assert set(pods.told) == {1}


def test_pods_that_start_are_not_asked_for_twice() -> None:
    pods = Pods(POLICY, starts=minutes(2))
    pods.run(32, minutes(4))
    assert set(pods.told) == {4}


def test_pods_that_are_away_for_a_moment_are_no_reason_for_fewer() -> None:
    assert decide([4.0, 4.0], 4).replicas == 3
    assert decide([0.0, 0.0], 4).replicas == 2


def test_pods_that_leave_still_carry_what_they_have() -> None:
    assert decide([4.0, 4.0, 4.0, 4.0], 2).replicas == 2


def test_an_index_that_was_away_does_not_shrink_by_its_first_words() -> None:
    pods = Pods(POLICY)
    pods.run(32, minutes(6))
    away = [desired_replicas({}, 4, POLICY, pods.history, NOW + timedelta(minutes=at))
            for at in (10, 14)]  # fmt: skip
    now = NOW + timedelta(minutes=15)
    assert {each.replicas for each in away} == {4}
    history = away[0].history
    for at in (11, 12, 13, 14):
        history = desired_replicas({}, 4, POLICY, history, NOW + timedelta(minutes=at)).history
    assert desired_replicas({"in_flight": [0.0] * 4}, 4, POLICY, history, now).replicas == 4


def test_history_does_not_grow_for_ever() -> None:
    pods = Pods(POLICY)
    pods.run(8, minutes(60))
    assert len(pods.history) <= minutes(5) + 3


POLICIES = st.builds(
    lambda least, more, target, up, down: Policy(
        least, least + more, {"in_flight": target}, timedelta(seconds=up), timedelta(seconds=down)
    ),
    st.integers(1, 5),
    st.integers(0, 20),
    st.floats(0.1, 100),
    st.integers(0, 60),
    st.integers(0, 60),
)
LOADS = st.floats(0, 2000)


@settings(deadline=None)
@given(policy=POLICIES, loads=st.lists(LOADS, max_size=30), starts=st.integers(0, 5))
def test_never_leaves_its_bounds(policy: Policy, loads: list[float], starts: int) -> None:
    pods = Pods(policy, starts=starts)
    for load in loads:
        assert policy.least <= pods.run(load, 1) <= policy.most


@settings(deadline=None)
@given(policy=POLICIES, load=LOADS, current=st.integers(1, 25), starts=st.integers(0, 5))
def test_under_a_constant_load_it_comes_to_rest_and_does_not_flap(
    policy: Policy, load: float, current: int, starts: int
) -> None:
    pods = Pods(policy, current=current, starts=starts)
    last = pods.run(load, 80)
    ways = [
        after - before for before, after in zip(pods.told, pods.told[1:], strict=False)
        if after != before
    ]  # fmt: skip
    assert len({way > 0 for way in ways}) <= 1
    assert pods.run(load, 30) == last
    carried = load / policy.targets["in_flight"]
    assert last == policy.most or carried <= last * 1.1 + 1e-6
    assert last == policy.least or carried >= last * 0.9 - 1 - 1e-6


@settings(deadline=None)
@given(figures=st.lists(st.floats(0, 1e6), max_size=8), current=st.integers(1, 10))
def test_the_same_load_gives_the_same_decision(figures: list[float], current: int) -> None:
    assert decide(figures, current, POLICY) == decide(figures, current, POLICY)


def _first_fall(told: list[int]) -> int:
    """The pass after which there are fewer for the first time; beyond the last one if never."""
    falls = [place for place in range(1, len(told)) if told[place] < told[place - 1]]
    return falls[0] if falls else len(told)


@settings(deadline=None)
@given(
    policy=POLICIES,
    loads=st.lists(LOADS, min_size=2, max_size=40),
    starts=st.integers(0, 3),
    restart=st.integers(0, 39),
    is_pause=st.booleans(),
)
def test_a_restart_of_the_operator_never_makes_it_shrink_sooner(
    policy: Policy, loads: list[float], starts: int, restart: int, is_pause: bool
) -> None:
    policy = replace(policy, up=timedelta(0))  # both come to the same until one shrinks
    whole, cut = (Pods(policy, policy.least, starts) for _ in range(2))
    since = None
    for place, load in enumerate(loads):
        if place == restart:
            since = cut.passes
            if is_pause:
                cut.passes += minutes(2)
                since = cut.passes
            else:
                cut.history = ()
        whole.run(load, 1)
        before = cut.current
        if cut.run(load, 1) < before and since is not None:
            assert (cut.passes - since - 1) * PASS >= policy.down
    assert _first_fall(cut.told) >= min(_first_fall(whole.told), restart)
    if _first_fall(whole.told) >= restart:
        assert _first_fall(cut.told) >= _first_fall(whole.told)
