"""Which snapshots have had their time, and which never do."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import NOW, a_snapshot
from embedding_operator.resources.data import Retention
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import RetentionClass, SnapshotPhase
from embedding_operator.schedule.retention import pick_expired

EXPIRE = {"retention": "Expire"}


def days(*ages: float, phase: str = "Completed", **spec: Any) -> list[EmbeddingIndexSnapshot]:
    """One of each age, oldest first."""
    given_ = {**EXPIRE, **spec}
    return [
        a_snapshot(f"s-{age:g}", phase, age=timedelta(days=age), spec=given_)
        for age in sorted(ages, reverse=True)
    ]


def expired(snapshots: list[EmbeddingIndexSnapshot], **retention: Any) -> list[str]:
    given_ = Retention(**retention) if retention else None
    return [each.meta.name for each in pick_expired(snapshots, given_, NOW)]


def test_by_default_a_week_of_daily_ones_stays() -> None:
    assert expired(days(*range(1, 10))) == ["s-9", "s-8"]


def test_one_that_is_young_or_among_the_newest_stays() -> None:
    assert expired(days(1, 2, 3, 4), count=2, age="3d") == ["s-4"]
    assert expired(days(1, 2, 3, 4), count=2, age="1d") == ["s-4", "s-3"]
    assert expired(days(1, 2, 3, 4), count=9, age="1d") == []
    assert expired(days(1, 2, 3, 4), count=1, age="9d") == []


def test_the_newest_complete_one_stays_though_newer_ones_failed() -> None:
    failed = [a_snapshot("f", "Failed", spec=EXPIRE)]
    assert expired([*days(40, 50), *failed], count=1, age="1d") == ["s-50"]


def test_what_people_made_stays() -> None:
    assert expired(days(40, 50, 60, retention="Keep"), count=1, age="1d") == []


def test_those_of_people_do_not_count() -> None:
    mixed = [*days(50, 60), *days(40, retention="Keep")]
    assert expired(mixed, count=1, age="1d") == ["s-60"]


def test_what_is_being_made_stays() -> None:
    assert expired([*days(40, phase="Running"), *days(30, phase="Pending")], count=1) == []


def test_three_failed_ones_stay_for_who_asks_why() -> None:
    assert expired(days(1, 2, 3, 4, 5, phase="Failed"), count=1, age="1d") == ["s-5", "s-4"]
    assert expired(days(*range(1, 9), phase="Failed", retention="Keep"), count=1) == []


SNAPSHOTS = st.lists(
    st.builds(
        lambda age, phase, kept: (age, phase, "Keep" if kept else "Expire"),
        st.integers(0, 100),
        st.sampled_from([each.value for each in SnapshotPhase]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(made=SNAPSHOTS, count=st.integers(1, 5), age=st.integers(1, 50))
def test_the_newest_complete_and_whatever_is_kept_never_expires(
    made: list[tuple[int, str, str]], count: int, age: int
) -> None:
    snapshots = [
        a_snapshot(f"s-{place}", phase, age=timedelta(days=old), spec={"retention": kept})
        for place, (old, phase, kept) in enumerate(sorted(made, reverse=True))
    ]
    gone = list(pick_expired(snapshots, Retention(count=count, age=f"{age}d"), NOW))
    complete = [each for each in snapshots if each.status.phase is SnapshotPhase.COMPLETED]
    assert not complete or complete[-1] not in gone
    assert all(each.spec.retention is RetentionClass.EXPIRE for each in gone)
    stay = [each for each in complete if each not in gone]
    scheduled = [each for each in complete if each.spec.retention is RetentionClass.EXPIRE]
    assert all(each in stay for each in scheduled[-count:])
