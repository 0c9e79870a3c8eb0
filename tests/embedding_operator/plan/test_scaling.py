"""How many replicas there are to be, and who says so."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import NOW, an_index
from embedding_operator.names import DEPLOYMENTS
from embedding_operator.plan.actions import Event
from embedding_operator.plan.scaling import Scaling, count_replicas, plan_scaling
from embedding_operator.reports import Report
from embedding_operator.resources.status import AutoscalingStatus
from embedding_operator.resources.times import write_time
from observed import a_pod, a_report, observe


def scale(
    targets: dict[str, Any],
    *reports: Report,
    desired: int | None = 1,
    request: str | None = None,
    cores: float | None = None,
) -> Scaling:
    """A pass with a pod for each report, each of which requests and uses some CPU."""
    autoscaling = {"min": 1, "max": 9, "targets": targets, "windows": {"down": "0s"}}
    status = {"autoscaling": {"desired": desired, "lastScaleTime": "then"}} if desired else {}
    made = [a_pod(f"docs-{place}") for place in range(len(reports))]
    pods = [replace(pod, cpu_request=request) for pod in made]
    used = {} if cores is None else {pod.uid: cores for pod in pods}
    told = {pod.uid: report for pod, report in zip(pods, reports, strict=True)}
    index = an_index({"autoscaling": autoscaling, "replicas": 7}, status)
    return plan_scaling(observe(index, pods, told, cores=used), ())


def load(**figures: Any) -> Report:
    return a_report(load=figures)


def test_without_autoscaling_the_spec_rules() -> None:
    assert plan_scaling(observe(an_index({"replicas": 4})), ()) == Scaling(4)


def test_with_it_the_spec_is_not_read_and_the_least_begin() -> None:
    scaling = scale({"inFlight": 8}, desired=None)
    assert scaling.replicas == 1
    assert scaling.status is not None
    assert (scaling.status.desired, scaling.events) == (1, ())


@pytest.mark.parametrize(("live", "replicas"), [(8, 8), (12, 9), (0, 1)])
def test_it_begins_with_as_many_as_there_are(live: int, replicas: int) -> None:
    index = an_index({"autoscaling": {"max": 9, "targets": {"inFlight": 8}}, "replicas": 1})
    children: Any = {(DEPLOYMENTS, "docs"): {"spec": {"replicas": live}}}
    assert plan_scaling(observe(index, children=children), ()).replicas == replicas


def test_what_was_decided_goes_on_after_a_restart() -> None:
    scaling = scale({"inFlight": 8}, desired=4)
    assert (scaling.replicas, scaling.events) == (4, ())
    assert scaling.status == AutoscalingStatus(
        desired=4, reason="NoFigures", last_scale_time="then"
    )


def test_a_change_is_told_with_its_time() -> None:
    scaling = scale({"inFlight": 8}, load(in_flight=24))
    assert scaling.status == AutoscalingStatus(
        desired=3, reason="ScalingUp", last_scale_time=write_time(NOW)
    )
    assert scaling.events == (Event("ScalingReplicas", "3 replicas instead of 1: ScalingUp"),)


@pytest.mark.parametrize(
    ("targets", "figures", "replicas"),
    [
        ({"inFlight": 8}, {"in_flight": 24}, 3),
        ({"queueWait": "2s"}, {"queue_wait_seconds": 8}, 4),
        ({"inFlight": 1}, {"in_flight": 99}, 9),
    ],
)
def test_each_target_has_its_figure(
    targets: dict[str, Any], figures: dict[str, Any], replicas: int
) -> None:
    assert scale(targets, load(**figures)).replicas == replicas


@pytest.mark.parametrize(
    ("cores", "requested", "replicas"),
    [(1.0, "500m", 4), (1.0, "1", 2), (0.25, "500m", 1), (None, "1", 1), (1.0, None, 1)],
)
def test_cpu_is_a_share_of_what_the_pod_requests(
    cores: float | None, requested: str | None, replicas: int
) -> None:
    assert scale({"cpu": 50}, load(), request=requested, cores=cores).replicas == replicas


def test_pods_that_leave_or_are_not_ready_do_not_count() -> None:
    index = an_index({"autoscaling": {"max": 9, "targets": {"inFlight": 8}}})
    pods = [a_pod("a", is_ready=False), a_pod("b", is_leaving=True)]
    told = {pod.uid: load(in_flight=99) for pod in pods}
    scaling = plan_scaling(observe(index, pods, told), ())
    assert scaling.status is not None
    assert scaling.status.reason == "NoFigures"


@pytest.mark.parametrize(("decided", "replicas"), [(None, 2), (3, 3), (1, 2), (9, 5)])
def test_the_last_decision_counts_within_todays_bounds(decided: int | None, replicas: int) -> None:
    spec = an_index({"autoscaling": {"min": 2, "max": 5, "targets": {"cpu": 9}}}).spec
    assert count_replicas(spec, AutoscalingStatus(desired=decided)) == replicas
    assert count_replicas(spec, None) == 2
    assert count_replicas(an_index({"replicas": 7}).spec, AutoscalingStatus(desired=3)) == 7


def test_a_load_that_stays_is_decided_on_once() -> None:
    first = scale({"inFlight": 8}, load(in_flight=24))
    again = scale({"inFlight": 8}, *[load(in_flight=8)] * 3, desired=first.replicas)
    assert (again.replicas, again.events) == (3, ())
    assert timedelta(0) <= again.history[-1].time - NOW
