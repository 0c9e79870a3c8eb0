"""Pods, as far as the operator cares."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from embedding_operator.children.metadata import UID
from embedding_operator.children.pods import CONTAINER
from embedding_operator.reasons import Reason
from embedding_operator.resources.objects import Manifest, Meta
from embedding_operator.resources.times import read_time

_IMAGE_TROUBLE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
)
_START_TROUBLE = frozenset({"CreateContainerError", "RunContainerError"})
_VOLUME_AWAY = ("volume node affinity conflict", "PersistentVolume's node affinity")
_VOLUME_PENDING = ("unbound immediate PersistentVolumeClaims", "persistentvolumeclaim")
_VOLUME_EVENTS = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume"})
_ENDED = frozenset({"Failed", "Succeeded"})
_CRASHES = 2
"""Restarts from which a container that is down counts as crashing."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a pod from running."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of an index."""

    name: str
    uid: str
    address: str | None
    """IP; None until it has one."""
    node: str | None
    created: datetime
    is_ready: bool
    is_running: bool
    """Whether its server's process runs."""
    leaves_by: datetime | None
    """When a pod that was told to end is to have ended; None if it was not."""
    trouble: Trouble | None
    cpu_request: str | None = None
    """Cores that its server's container requests, as Kubernetes writes amounts."""

    @property
    def is_leaving(self) -> bool:
        """Whether it was told to end."""
        return self.leaves_by is not None

    @property
    def can_answer(self) -> bool:
        """Whether it may be asked, ready or not."""
        return self.is_running and self.address is not None

    @property
    def is_waiting(self) -> bool:
        """Whether only its events can tell what it waits for."""
        return self.node is not None and not self.is_running and self.trouble is None


def pick_current(bodies: Iterable[Manifest], index: Meta) -> list[Manifest]:
    """Those of this index, not of an earlier one; of those that have failed for good the newest.

    What was evicted stays as an object, often by the hundred, and all say the same.
    """
    own = [each for each in bodies if (each["metadata"].get("labels") or {}).get(UID) == index.uid]
    phases = [(each.get("status") or {}).get("phase") for each in own]
    failed = [each for each, phase in zip(own, phases, strict=True) if phase == "Failed"]
    newest = max(failed, key=lambda each: str(each["metadata"]["creationTimestamp"]), default=None)
    return [
        each
        for each, phase in zip(own, phases, strict=True)
        if phase not in _ENDED or each is newest
    ]


def parse_pod(body: Manifest) -> Pod:
    """A pod, as the API server has it."""
    metadata, status = body["metadata"], body.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    containers = status.get("containerStatuses") or ()
    leaves_by = metadata.get("deletionTimestamp")  # with its grace period
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        address=status.get("podIP"),
        node=(body.get("spec") or {}).get("nodeName"),
        created=read_time(metadata["creationTimestamp"]),
        is_ready=conditions.get("Ready", {}).get("status") == "True",
        is_running=any("running" in (each.get("state") or {}) for each in containers),
        leaves_by=read_time(leaves_by) if leaves_by is not None else None,
        trouble=next(_find_trouble(body, conditions), None),
        cpu_request=_find_cpu_request(body),
    )


def _find_cpu_request(body: Manifest) -> str | None:
    for container in (body.get("spec") or {}).get("containers") or ():
        if container["name"] == CONTAINER:
            requests = (container.get("resources") or {}).get("requests") or {}
            return requests.get("cpu")
    return None


def _find_trouble(body: Manifest, conditions: Manifest) -> Iterator[Trouble]:
    status = body.get("status") or {}
    if status.get("phase") == "Failed":  # for good: another one is made in its place
        told = ": ".join(filter(None, (status.get("reason"), status.get("message"))))
        yield Trouble(Reason.EVICTED, f"its node has ended it: {told or 'it does not say why'}")
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        yield _explain_unschedulable(scheduled.get("message", ""))
    for container in status.get("containerStatuses") or ():
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated")
        reason = waiting.get("reason", "")
        if reason in _IMAGE_TROUBLE:
            told = waiting.get("message") or reason
            yield Trouble(Reason.IMAGE_PULL_FAILED, f"{container['image']}: {told}")
        elif reason == "CreateContainerConfigError":
            yield Trouble(Reason.SECRET_NOT_FOUND, waiting.get("message", reason))
        elif reason in _START_TROUBLE:
            told = waiting.get("message") or reason
            yield Trouble(Reason.CRASH_LOOPING, f"its container cannot be started: {told}")
        elif container.get("restartCount", 0) >= _CRASHES and (reason or ended):
            last = ended or (container.get("lastState") or {}).get("terminated") or {}
            yield Trouble(Reason.CRASH_LOOPING, _explain_crash(container, last))


def _explain_unschedulable(message: str) -> Trouble:
    if any(words in message for words in _VOLUME_AWAY):
        return Trouble(
            Reason.VOLUME_UNAVAILABLE,
            f"its volume is on a node that takes no pods now: {message}",
        )
    if any(words in message for words in _VOLUME_PENDING):
        return Trouble(Reason.VOLUME_PENDING, message)
    return Trouble(Reason.PODS_UNSCHEDULABLE, message)


def _explain_crash(container: Manifest, last: Manifest) -> str:
    said = " ".join(str(last.get("message") or "").split())[-512:]
    why = f"exit code {last.get('exitCode')}, {last.get('reason')}"
    told = f"restarted {container.get('restartCount')} times; it ended with {why}"
    if last.get("reason") == "OOMKilled":
        told += " (it took more memory than it may: raise resources.limits.memory)"
    return f"{told}: {said}" if said else told


def explain_events(warnings: Iterable[tuple[str, str]]) -> Trouble | None:
    """What a pod that waits for its volumes or Secrets waits for.

    `warnings` are reasons and notes of its events, newest first.
    """
    for reason, note in warnings:
        if reason not in _VOLUME_EVENTS:
            continue
        is_secret = "secret" in note and "not found" in note
        return Trouble(Reason.SECRET_NOT_FOUND if is_secret else Reason.VOLUME_UNAVAILABLE, note)
    return None
