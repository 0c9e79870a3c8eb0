"""What becomes of snapshots whose index is not there."""

from dataclasses import replace
from datetime import timedelta

from embedding_indexes import NOW, a_snapshot
from embedding_operator.plan.actions import UpdateSnapshot
from embedding_operator.plan.orphans import Orphans, plan_orphans
from embedding_operator.plan.snapshots import plan_last_snapshots, plan_snapshots
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from observed import a_pod, observe


def told(snapshot: EmbeddingIndexSnapshot) -> tuple[str | None, str | None]:
    """Phase and reason."""
    (update,) = plan_orphans([snapshot], NOW).updates
    conditions = update.status.conditions
    return update.status.phase, conditions[0].reason if conditions else None


def test_one_whose_index_was_never_there_waits_for_it_until_its_deadline() -> None:
    young = a_snapshot(age=timedelta(minutes=50))
    planned = plan_orphans([young], NOW)
    assert told(young) == ("Pending", None)
    assert "docs" in str(planned.updates[0].status.error)
    assert planned.requeue_after is not None
    assert 600 <= planned.requeue_after <= 602


def test_after_its_deadline_it_has_failed() -> None:
    assert told(a_snapshot(age=timedelta(minutes=61))) == ("Failed", "DeadlineExceeded")


def test_one_whose_index_is_gone_has_failed_at_once() -> None:
    for phase in ("Pending", "Running"):
        assert told(a_snapshot(phase=phase, indexUid="old")) == ("Failed", "IndexGone")


def test_what_was_told_is_not_told_again() -> None:
    first = plan_orphans([a_snapshot()], NOW)
    known = replace(first.updates[0].snapshot, status=first.updates[0].status)
    again = plan_orphans([known], NOW)
    assert (again.updates, again.requeue_after) == ((), first.requeue_after)


def test_one_that_has_ended_is_left() -> None:
    done = [a_snapshot("a", "Completed", indexUid="old"), a_snapshot("b", "Failed")]
    assert plan_orphans(done, NOW) == Orphans()


def test_one_of_an_earlier_index_of_the_name_is_not_made_of_the_new_one() -> None:
    stray = a_snapshot(phase="Running", indexUid="old")
    seen = observe(pods=(a_pod(),), strays=(stray,))
    for planned in (plan_snapshots(seen), plan_last_snapshots(seen)):
        (action,) = planned.actions
        assert isinstance(action, UpdateSnapshot)
        assert action.snapshot is stray
        assert (action.status.phase, action.status.index_uid) == ("Failed", "old")
