"""What keeps a pod from running, as the API server tells it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from embedding_operator.observe.pods import Pod, Trouble, explain_events, parse_pod
from embedding_operator.reasons import Reason
from observed import container_body, pod_body

RUNNING = {"running": {"startedAt": "2026-03-10T12:00:00Z"}}
WAITING = {"waiting": {"reason": "CrashLoopBackOff"}}


def unschedulable(message: str) -> dict[str, Any]:
    told = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return {"conditions": [{**told, "message": message}]}


def crashed(count: int, state: dict[str, Any], **last: Any) -> dict[str, Any]:
    return container_body(state, restartCount=count, lastState={"terminated": last})


def trouble_of(status: dict[str, Any]) -> Trouble:
    trouble = parse_pod(pod_body(status)).trouble
    assert trouble is not None
    return trouble


def test_a_pod_that_serves_has_no_trouble() -> None:
    status = {**container_body(RUNNING), "podIP": "10.0.0.7"}
    pod = parse_pod(pod_body({**status, "conditions": [{"type": "Ready", "status": "True"}]}))
    assert (pod.is_ready, pod.is_running, pod.is_leaving, pod.trouble) == (True, True, False, None)
    assert (pod.address, pod.node) == ("10.0.0.7", "node-1")


@pytest.mark.parametrize(
    ("containers", "requested"),
    [
        ([{"name": "server", "resources": {"requests": {"cpu": "250m"}}}], "250m"),
        ([{"name": "sidecar", "resources": {"requests": {"cpu": "2"}}}, {"name": "server"}], None),
    ],
)
def test_what_counts_is_the_cpu_that_the_server_requests(
    containers: list[dict[str, Any]], requested: str | None
) -> None:
    body = pod_body()
    body["spec"]["containers"] = containers
    assert parse_pod(body).cpu_request == requested


def test_a_pod_of_which_nothing_is_known_yet_is_not_ready() -> None:
    pod = parse_pod(pod_body(node=None))
    assert (pod.is_ready, pod.is_running, pod.address, pod.trouble) == (False, False, None, None)
    assert not pod.is_waiting


def test_a_pod_that_is_being_deleted_leaves() -> None:
    pod = parse_pod(pod_body(deletionTimestamp="2026-03-10T12:00:00Z"))
    assert (pod.is_leaving, pod.leaves_by) == (True, datetime(2026, 3, 10, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.", Reason.PODS_UNSCHEDULABLE),
        ("pod has unbound immediate PersistentVolumeClaims", Reason.VOLUME_PENDING),
        ('persistentvolumeclaim "docs-data" not found', Reason.VOLUME_PENDING),
        ("1 node(s) had volume node affinity conflict", Reason.VOLUME_UNAVAILABLE),
        ("didn't match PersistentVolume's node affinity", Reason.VOLUME_UNAVAILABLE),
    ],
)
def test_a_pod_without_a_node_says_what_it_wants(message: str, reason: Reason) -> None:
    trouble = trouble_of(unschedulable(message))
    assert trouble.reason is reason
    assert message in trouble.message


def test_a_pod_that_is_not_to_be_scheduled_yet_has_no_trouble() -> None:
    gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
    assert parse_pod(pod_body({"conditions": [gated]})).trouble is None


@pytest.mark.parametrize(
    "reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"]
)
def test_an_image_that_is_missing_is_named(reason: str) -> None:
    told = {"waiting": {"reason": reason, "message": "not found"}}
    assert trouble_of(container_body(told)) == Trouble(
        Reason.IMAGE_PULL_FAILED, "index:1: not found"
    )
    bare = trouble_of(container_body({"waiting": {"reason": reason}}))
    assert bare.message == f"index:1: {reason}"


def test_a_secret_that_is_missing_from_the_environment_is_told() -> None:
    told = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "x" not found'}}
    assert trouble_of(container_body(told)) == Trouble(
        Reason.SECRET_NOT_FOUND, 'secret "x" not found'
    )


def test_a_container_that_crashes_says_its_last_words() -> None:
    status = crashed(3, WAITING, exitCode=2, reason="Error", message=" no such\n model ")
    assert trouble_of(status) == Trouble(
        Reason.CRASH_LOOPING,
        "restarted 3 times; it ended with exit code 2, Error: no such model",
    )


def test_a_container_that_was_killed_for_memory_says_so() -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    message = trouble_of(crashed(2, ended)).message
    assert "exit code 137, OOMKilled" in message
    assert "raise resources.limits.memory" in message


@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError"])
def test_a_container_that_cannot_be_started_says_why(reason: str) -> None:
    told = {"waiting": {"reason": reason, "message": "no such device"}}
    assert trouble_of(container_body(told)) == Trouble(
        Reason.CRASH_LOOPING, "its container cannot be started: no such device"
    )
    bare = trouble_of(container_body({"waiting": {"reason": reason}}))
    assert bare.message == f"its container cannot be started: {reason}"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"reason": "Evicted", "message": "The node was low on resource: memory."},
         "Evicted: The node was low on resource: memory."),
        ({"reason": "NodeAffinity"}, "NodeAffinity"),
        ({}, "it does not say why"),
    ],
)  # fmt: skip
def test_a_pod_that_its_node_has_ended_says_why(status: dict[str, Any], told: str) -> None:
    ended = container_body({"terminated": {"exitCode": 137, "reason": "Error"}}, restartCount=5)
    assert trouble_of({"phase": "Failed", **status, **ended}) == Trouble(
        Reason.EVICTED, f"its node has ended it: {told}"
    )


@pytest.mark.parametrize(("count", "state"), [(1, WAITING), (9, RUNNING)])
def test_one_crash_or_one_that_is_over_is_no_trouble(count: int, state: dict[str, Any]) -> None:
    assert parse_pod(pod_body(crashed(count, state, exitCode=1))).trouble is None


def test_only_a_pod_that_has_a_node_and_no_process_waits_for_what_events_name() -> None:
    creating = container_body({"waiting": {"reason": "ContainerCreating"}})
    pulling = container_body({"waiting": {"reason": "ErrImagePull"}})

    def is_waiting(status: dict[str, Any], node: str | None = "node-1") -> bool:
        pod: Pod = parse_pod(pod_body(status, node))
        return pod.is_waiting

    assert is_waiting(creating)
    assert not is_waiting(creating, node=None)
    assert not is_waiting(container_body(RUNNING))
    assert not is_waiting(pulling)


@pytest.mark.parametrize(
    ("event", "note", "reason"),
    [
        ("FailedMount", 'MountVolume.SetUp failed for "auth": secret "keys" not found',
         Reason.SECRET_NOT_FOUND),
        ("FailedAttachVolume", "Multi-Attach error for volume", Reason.VOLUME_UNAVAILABLE),
        ("FailedMount", "MountVolume.MountDevice failed for volume", Reason.VOLUME_UNAVAILABLE),
        ("FailedMount", "Unable to attach or mount volumes", Reason.VOLUME_UNAVAILABLE),
    ],
)  # fmt: skip
def test_events_tell_what_a_pod_waits_for(event: str, note: str, reason: Reason) -> None:
    assert explain_events([("Pulling", "Pulling image"), (event, note)]) == Trouble(reason, note)


def test_the_newest_event_that_tells_something_counts() -> None:
    newest = ("FailedMount", 'secret "a" not found')
    older = ("FailedAttachVolume", "AttachVolume.Attach failed")
    assert explain_events([newest, older]) == Trouble(Reason.SECRET_NOT_FOUND, newest[1])
    assert explain_events([("Unhealthy", "MountVolume is a word of it")]) is None
    assert explain_events([]) is None
