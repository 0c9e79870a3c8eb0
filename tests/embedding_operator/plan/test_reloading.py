"""Pods that are told to begin from another snapshot, a few at a time."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import SHARED, an_index
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.plan.reloading import Reloading, plan_reload
from embedding_operator.reasons import Reason
from embedding_operator.reports import Job, Report, fold, name_reload
from embedding_operator.resources.status import ReloadStatus
from observed import LOST, a_job, a_pod, a_report, an_outage, observe

BROKEN = a_job("failed", "its manifest is broken")
BUSY = ["queued", "running"]


@dataclass
class Pods:
    """Three pods that do at once what they are told, but for snapshots that they refuse."""

    begun: dict[str, str] = field(default_factory=lambda: dict.fromkeys("abc", "0"))
    refusing: dict[str, str] = field(default_factory=dict)
    """By name: the snapshot that a pod does not load."""
    jobs: dict[str, Job] = field(default_factory=dict)
    status: ReloadStatus | None = None
    generation: int = 1
    processes: dict[str, int] = field(default_factory=dict)
    named: str | None = None

    @property
    def pods(self) -> list[Pod]:
        return [a_pod(name) for name in self.begun]

    def observe(self) -> Observation:
        spec: dict[str, Any] = dict(SHARED)
        if self.named is not None:
            spec["reload"] = {"snapshot": self.named}
        status = {"reload": self.status.model_dump(by_alias=True)} if self.status else {}
        index = an_index(spec, status, generation=self.generation)
        reports = {pod.uid: self.report(pod.name) for pod in self.pods}
        return observe(index, self.pods, reports, reloads=self.jobs)

    def report(self, name: str) -> Report:
        instance = f"{name}-{self.processes.get(name, 0)}"
        return a_report(instance=instance, snapshot={"begun_from": self.begun[name]})

    def turn(self) -> Reloading:
        planned = plan_reload(self.observe(), most=1)
        self.status = planned.status
        for order in planned.orders:
            if self.refusing.get(order.pod.name) == order.snapshot:
                self.jobs[order.key] = BROKEN
            elif order.key not in self.jobs or order.is_retry:
                self.jobs[order.key] = a_job("succeeded")
                self.begun[order.pod.name] = order.snapshot
        return planned

    def settle(self) -> Reloading:
        for _ in range(9):
            self.turn()
        return self.turn()

    def name(self, snapshot: str | None) -> Reloading:
        self.named = snapshot
        self.generation += 1
        return self.settle()


def test_pods_begin_from_what_is_named_one_after_the_other() -> None:
    pods = Pods(named="1")
    first = pods.turn()
    assert ([each.pod.name for each in first.orders], first.is_going_on) == (["a"], True)
    planned = pods.settle()
    assert (pods.begun, planned.is_going_on) == (dict.fromkeys("abc", "1"), False)
    assert pods.status == ReloadStatus(wanted="1", since=1, snapshot="1")


@pytest.mark.parametrize(("most", "names"), [(1, "a"), (2, "ab"), (9, "abc")])
def test_a_few_load_at_a_time_and_while_they_do_no_other_begins(most: int, names: str) -> None:
    pods = Pods(named="1")
    orders = plan_reload(pods.observe(), most).orders
    assert [each.pod.name for each in orders] == list(names)
    pods.jobs = {each.key: a_job(state) for each, state in zip(orders, BUSY * most, strict=False)}
    planned = plan_reload(pods.observe(), most)
    assert (planned.orders, planned.is_going_on) == ((), True)


def test_what_was_loaded_once_is_loaded_again_when_it_is_named_again() -> None:
    pods = Pods()
    for snapshot in ("1", "2", "1", "2"):
        planned = pods.name(snapshot)
        assert pods.begun == dict.fromkeys("abc", snapshot)
        assert (planned.is_going_on, planned.trouble) == (False, None)


def test_a_change_of_anything_else_orders_nothing_again() -> None:
    pods = Pods(named="1")
    (order,) = pods.turn().orders
    pods.begun, pods.jobs = dict.fromkeys("abc", "0"), {order.key: a_job("running")}
    pods.generation += 1
    assert pods.turn().orders == ()


def test_without_a_name_pods_keep_what_they_have() -> None:
    pods = Pods(named="1")
    pods.settle()
    planned = pods.name(None)
    assert (planned, set(pods.begun.values())) == (Reloading(), {"1"})


def test_a_process_that_began_from_something_else_is_told_again() -> None:
    pods = Pods(named="1")
    pods.settle()
    pods.processes["b"], pods.begun["b"] = 1, "0"
    assert not pods.settle().is_going_on
    assert pods.begun == dict.fromkeys("abc", "1")


def test_work_whose_process_was_lost_is_ordered_again_and_is_no_refusal() -> None:
    pods = Pods(named="1")
    (order,) = plan_reload(pods.observe(), most=1).orders
    pods.jobs[order.key] = LOST
    planned = pods.turn()
    assert [(each.key, each.is_retry) for each in planned.orders] == [(order.key, True)]
    assert planned.trouble is None


def test_a_store_that_is_away_is_no_refusal_and_is_tried_again_ever_later() -> None:
    pods = Pods(named="1")
    keys = [name_reload(1, f"{name}-0", is_back=False) for name in "abc"]
    pods.jobs = dict.fromkeys(keys, an_outage(age=timedelta(seconds=9)))
    planned = pods.turn()
    assert (planned.orders, planned.is_going_on) == ((), True)
    assert planned.status == ReloadStatus(wanted="1", since=1)
    told = "a could not load a snapshot and serves on as before: the store does not answer; "
    assert planned.trouble == Trouble(Reason.SNAPSHOT_LOAD_FAILED, f"{told}it is tried again")
    pods.jobs = dict.fromkeys(keys, an_outage(age=timedelta(seconds=10)))
    planned = plan_reload(pods.observe(), most=1)
    assert [(each.key, each.is_retry) for each in planned.orders] == [(keys[0], True)]
    pods.jobs[keys[0]] = fold([a_job("running"), an_outage()])
    planned = plan_reload(pods.observe(), most=1)
    assert (planned.orders, planned.trouble is None) == ((), False)
    pods.jobs = {}
    assert (pods.settle().trouble, pods.begun) == (None, dict.fromkeys("abc", "1"))


def test_what_two_pods_refuse_is_given_up_and_all_go_back() -> None:
    pods = Pods()
    pods.name("1")
    pods.refusing = {"b": "2", "c": "2"}
    planned = pods.name("2")
    assert (pods.begun, planned.is_going_on) == (dict.fromkeys("abc", "1"), False)
    assert pods.status == ReloadStatus(wanted="2", since=3, snapshot="1", refused="2")
    assert planned.trouble is not None
    assert planned.trouble.reason is Reason.SNAPSHOT_LOAD_FAILED
    assert "2 is given up" in planned.trouble.message
    pods.jobs.clear()  # forgotten a week later
    planned = pods.settle()
    assert (set(pods.begun.values()), planned.orders) == ({"1"}, ())


def test_what_was_given_up_is_tried_when_it_is_named_anew() -> None:
    pods = Pods(refusing={"b": "2", "c": "2"})
    pods.name("2")
    pods.refusing = {}
    pods.name("1")
    planned = pods.name("2")
    assert (pods.begun, planned.trouble) == (dict.fromkeys("abc", "2"), None)


def test_without_one_before_there_is_nothing_to_go_back_to() -> None:
    pods = Pods(refusing={"b": "1", "c": "1"}, named="1")
    planned = pods.settle()
    assert (planned.orders, planned.is_going_on) == ((), False)
    assert pods.begun == {"a": "1", "b": "0", "c": "0"}


def test_the_only_pods_refusal_is_enough() -> None:
    pods = Pods(begun={"a": "0"}, refusing={"a": "1"}, named="1")
    pods.settle()
    assert pods.status == ReloadStatus(wanted="1", since=1, refused="1")


def test_one_pod_of_three_that_refuses_is_told_and_not_waited_for() -> None:
    pods = Pods(refusing={"b": "1"}, named="1")
    planned = pods.settle()
    assert (planned.orders, planned.is_going_on) == ((), False)
    assert pods.begun == {"a": "1", "b": "0", "c": "1"}
    assert pods.status == ReloadStatus(wanted="1", since=1)
    assert planned.trouble is not None
    assert planned.trouble.message.startswith("b cannot load reload.snapshot 1")


def test_nothing_is_done_until_every_pod_tells() -> None:
    pods = Pods(begun={}, named="1")
    assert pods.turn().status == ReloadStatus(wanted="1", since=1)
    seen = Pods(begun={"a": "1"}, named="1").observe()
    silent = observe(seen.index, (*seen.pods, a_pod("b")), dict(seen.reports))
    status = plan_reload(silent, most=1).status
    assert status == ReloadStatus(wanted="1", since=1)


def test_pods_that_say_nothing_of_their_index_are_left() -> None:
    seen = Pods(named="1").observe()
    reports = {uid: a_report(index=None) for uid in seen.reports}
    loading = observe(seen.index, (*seen.pods, a_pod("silent")), reports)
    assert plan_reload(loading, most=9).orders == ()
