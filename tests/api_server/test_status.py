"""A status is written apart from the spec, by field managers that know of one another."""

from typing import Any

import pytest

from embedding_operator.names import INDEXES, SNAPSHOTS
from tests.api_server.api import Api, Manifest, Refused
from tests.api_server.kinds import NAME, index, snapshot

OPERATOR = "gpu-embedding/release"


def condition(type_: str, status: str = "True") -> dict[str, Any]:
    return {
        "type": type_,
        "status": status,
        "reason": "AsExpected",
        "message": "all is well",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-28T03:25:55Z",
    }


def status_of(*conditions: Manifest, **facts: object) -> Manifest:
    return {"status": {"conditions": list(conditions), **facts}}


WHOLE = status_of(
    condition("Ready"),
    condition("Available"),
    observedGeneration=1,
    operator="search/gpu-embedding",
    phase="Running",
    replicas=1,
    replicaStatuses=[{"pod": "products-1", "ready": True, "version": 7}],
    resolved={"model": "small", "database": "SQLite", "encoder": {"url": "http://tier:8001"}},
    autoscaling={"desired": 1},
    snapshots={"last": "products-7", "failures": 0},
    aliases=["shop"],
)


@pytest.mark.parametrize("manifest", [index(), snapshot()], ids=["index", "snapshot"])
def test_a_status_cannot_be_given_with_the_object(api: Api, manifest: Manifest) -> None:
    assert "status" not in api.create({**manifest, "status": {"phase": "Running"}})


def test_a_write_of_the_spec_leaves_the_status(api: Api) -> None:
    made = api.create(index())
    api.merge(made, {"status": {"phase": "Running"}}, "/status")
    after = api.merge(made, {"spec": {"paused": True}, "status": {"phase": "Failed"}})
    assert (after["spec"]["paused"], after["status"]) == (True, {"phase": "Running"})


def test_a_write_of_the_status_leaves_the_spec_and_its_generation(api: Api) -> None:
    made = api.create(index())
    change = {"spec": {"paused": True}, "status": {"phase": "Running"}}
    after = api.merge(made, change, "/status")
    assert (after["spec"], after["status"]) == (made["spec"], {"phase": "Running"})
    assert after["metadata"]["generation"] == made["metadata"]["generation"] == 1


def test_the_same_status_again_is_no_write(api: Api) -> None:
    made = api.create(index())
    first = api.apply(made, WHOLE, OPERATOR)
    again = api.apply(made, WHOLE, OPERATOR)
    assert first["status"].items() >= {"phase": "Running", "replicas": 1}.items()
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_the_same_status_of_a_snapshot_again_is_no_write(api: Api) -> None:
    made = api.create(snapshot())
    status = status_of(
        condition("Completed"),
        phase="Completed",
        executor={"pod": "products-1", "instance": "1", "job": "2"},
    )
    first = api.apply(made, status, OPERATOR)
    again = api.apply(made, status, OPERATOR)
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert api.get(SNAPSHOTS, made["metadata"]["name"])["status"]["phase"] == "Completed"


def test_two_managers_have_conditions_of_their_own(api: Api) -> None:
    made = api.create(index())
    api.apply(made, status_of(condition("Ready")), OPERATOR)
    api.apply(made, status_of(condition("Audited")), "somebody-else")
    api.apply(made, status_of(condition("Ready", "False"), condition("Degraded")), OPERATOR)
    found = api.get(INDEXES, NAME)["status"]["conditions"]
    assert {each["type"]: each["status"] for each in found} == {
        "Ready": "False",
        "Audited": "True",
        "Degraded": "True",
    }


def test_a_condition_that_its_manager_says_no_more_goes_alone(api: Api) -> None:
    made = api.create(index())
    api.apply(made, status_of(condition("Ready"), condition("Degraded")), OPERATOR)
    api.apply(made, status_of(condition("Audited")), "somebody-else")
    after = api.apply(made, status_of(condition("Ready")), OPERATOR)
    assert {each["type"] for each in after["status"]["conditions"]} == {"Ready", "Audited"}


def test_an_index_that_one_operator_has_claimed_is_not_claimed_by_another(api: Api) -> None:
    made = api.create(index())
    api.apply(made, {"status": {"operator": "a/one"}}, "gpu-embedding/one")
    with pytest.raises(Refused, match=r"conflict with \"gpu-embedding/one\".*\.status\.operator"):
        api.apply(made, {"status": {"operator": "b/two"}}, "gpu-embedding/two")


def test_an_index_whose_claim_was_taken_away_can_be_claimed_anew(api: Api) -> None:
    made = api.create(index())
    api.apply(made, {"status": {"operator": "a/one"}}, "gpu-embedding/one")
    api.merge(made, {"status": {"operator": None}}, "/status")
    after = api.apply(made, {"status": {"operator": "b/two"}}, "gpu-embedding/two")
    assert after["status"]["operator"] == "b/two"


def test_a_condition_that_is_there_twice_is_refused(api: Api) -> None:
    made = api.create(index())
    with pytest.raises(Refused, match="Duplicate value"):
        api.merge(made, status_of(condition("Ready"), condition("Ready")), "/status")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": "Perhaps"}, "Unsupported value"),
        ({"message": "x" * 2049}, "may not be more than 2048"),
        ({"lastTransitionTime": "yesterday"}, "must be of type date-time"),
        ({"reason": ""}, "at least 1 chars long"),
    ],
)
def test_a_condition_that_is_none_is_refused(api: Api, change: Manifest, told: str) -> None:
    made = api.create(index())
    with pytest.raises(Refused, match=told):
        api.merge(made, status_of({**condition("Ready"), **change}), "/status")


def test_more_pods_than_are_told_of_are_refused(api: Api) -> None:
    made = api.create(index())
    pods = [{"pod": f"products-{n}", "ready": False} for n in range(51)]
    with pytest.raises(Refused, match="must have at most 50"):
        api.merge(made, {"status": {"replicaStatuses": pods}}, "/status")
