"""What the audit log says is counted once, and each child is its own index's."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from benchmarks.operator.stage.audit import Request, count_most, parse_log, time_reactions
from benchmarks.operator.stage.people import AGENT

OPERATOR = "gpu-embedding-operator"


def a_request(received: float, **facts: Any) -> Request:
    usual = {
        "agent": OPERATOR,
        "verb": "patch",
        "resource": "deployments",
        "namespace": "team",
        "name": "i1",
        "part": "",
        "status": 200,
    }
    return Request(**{**usual, "answered": received + 0.25, **facts}, received=received)


def a_spec(received: float, name: str = "i1", **facts: Any) -> Request:
    return a_request(received, agent=AGENT, resource="embeddingindexes", name=name, **facts)


def a_line(id_: str, stage: str, second: int, **facts: Any) -> str:
    moment = datetime(2026, 3, 10, 12, 0, second, tzinfo=UTC).isoformat().replace("+00:00", "Z")
    return json.dumps(
        {
            "auditID": id_,
            "stage": stage,
            "verb": "watch",
            "userAgent": "kopf/1",
            "objectRef": {"resource": "pods"},
            "requestReceivedTimestamp": moment,
            "stageTimestamp": moment,
            **facts,
        }
    )


def test_a_watch_is_one_request_though_it_has_two_lines() -> None:
    lines = [a_line("1", "ResponseStarted", 3), a_line("1", "ResponseComplete", 3)]
    (request,) = parse_log(lines)
    assert (request.verb, request.resource, request.name) == ("watch", "pods", "")
    assert request.is_operators
    assert not request.is_write


def test_requests_come_in_the_order_of_their_arrival() -> None:
    lines = [a_line("1", "ResponseComplete", 5), a_line("2", "ResponseComplete", 4)]
    first, second = parse_log(lines)
    assert second.received - first.received == 1.0


@pytest.mark.parametrize(
    ("times", "most"), [([], 0), ([0.0], 1), ([0.0, 0.9, 1.0], 2), ([0.0, 2.0, 2.1, 2.2, 9.0], 3)]
)
def test_the_busiest_second_is_found_wherever_it_begins(times: list[float], most: int) -> None:
    assert count_most([a_request(each) for each in times]) == most


def test_a_reaction_ends_with_the_answer_to_the_first_child() -> None:
    requests = [a_spec(10.0), a_request(10.5), a_request(11.0, name="i1-data")]
    assert list(time_reactions(requests)) == [(False, 0.75)]


def test_a_new_index_is_told_apart_from_a_change() -> None:
    requests = [a_spec(10.0, status=201), a_request(11.0, name="i1-orders")]
    assert list(time_reactions(requests)) == [(True, 1.25)]


@pytest.mark.parametrize(
    "other",
    [
        a_request(10.5, name="i10"),
        a_request(10.5, namespace="other"),
        a_request(10.5, resource="embeddingindexes", part="status"),
        a_request(10.5, verb="get"),
        a_request(10.5, status=409),
        a_request(10.5, agent="kubelet"),
        a_request(9.5),
    ],
)
def test_what_is_no_write_of_a_child_of_it_is_no_reaction(other: Request) -> None:
    requests = sorted([a_spec(10.0), other], key=lambda each: each.received)
    assert list(time_reactions(requests)) == [(False, None)]
