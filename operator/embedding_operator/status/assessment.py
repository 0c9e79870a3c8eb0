"""From facts to conditions: why an index is, or is not, what it was asked to be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.reasons import ConditionType, Reason
from embedding_operator.reports import OTHER_MODEL, EncoderReport, Report
from embedding_operator.resolution.faults import Fault
from embedding_operator.resources.status import Condition
from embedding_operator.resources.times import read_time
from embedding_operator.status.conditions import Finding

_PATIENCE: Final = timedelta(seconds=15)
"""For which a pod may wait for a node or a volume before anybody is told that it is stuck."""
_LEAVING_PATIENCE: Final = timedelta(seconds=30)
"""For which a pod may stay beyond its grace period before its node counts as away."""
_DATABASE_PATIENCE: Final = timedelta(minutes=2)
_PASSING: Final = frozenset(
    {Reason.PODS_UNSCHEDULABLE, Reason.VOLUME_PENDING, Reason.VOLUME_UNAVAILABLE}
)


@dataclass(frozen=True, slots=True)
class Rollout:
    """The Deployment, as far as it has come."""

    replicas: int = 0
    updated: int = 0
    ready: int = 0
    is_there: bool = False
    is_seen: bool = False
    """Whether its controller has seen the last change."""
    is_stuck: bool = False
    """Whether it has given up (progressDeadlineSeconds)."""
    is_complete: bool = False
    """Whether all its pods were as the template says at some time since that changed."""
    wanted: int = 0
    """Pods it is to have."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions are made of."""

    desired: int
    rollout: Rollout
    pods: Sequence[Pod]
    reports: Sequence[Report]
    now: datetime
    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()
    """To be told of a spec that is accepted."""
    extra: Sequence[Trouble] = ()
    """Found by other parts of the plan, the gravest first."""
    is_paused: bool = False
    is_deleting: bool = False
    is_bootstrapped: bool = True
    is_reloading: bool = False
    is_making_last: bool = False
    """Whether the snapshot before its end is being made."""
    is_waiting_for_turn: bool = False
    wants_gpu: bool = False
    earlier: Sequence[Condition] = ()


def assess(facts: Facts) -> list[Finding]:
    """All conditions but SnapshotHealthy."""
    trouble = next(_find_troubles(facts), None)
    return [
        Finding(ConditionType.READY, *next(_find_readiness(facts, trouble))),
        _assess_available(facts),
        Finding(ConditionType.PROGRESSING, *next(_find_progress(facts))),
        _assess_degradation(trouble),
        _assess_spec(facts),
    ]


def _find_readiness(facts: Facts, trouble: Trouble | None) -> Iterator[tuple[bool, Reason, str]]:
    """What there is to say, the most important first."""
    ready, desired = facts.rollout.ready, facts.desired
    if facts.is_deleting:
        yield False, Reason.DELETING, "it is being deleted"
    if facts.faults:
        yield False, Reason.SPEC_INVALID, facts.faults[0].message
    if desired == 0:
        yield True, Reason.SCALED_TO_ZERO, "no replicas are wanted; its data is kept"
    if not facts.is_bootstrapped:
        yield False, Reason.BOOTSTRAPPING, "it is being filled from what bootstrap names"
    if ready < desired:
        why = f": {trouble.message}" if trouble else ""
        yield False, Reason.WAITING_FOR_REPLICAS, f"{ready} of {desired} replicas serve{why}"
    for grave in (Reason.DATABASE_UNAVAILABLE, Reason.INDEX_DAMAGED):
        for found in _find_in_reports(facts):
            if found.reason is grave:
                yield False, grave, found.message
    yield True, Reason.AS_EXPECTED, f"{ready} of {desired} replicas serve"


def _assess_available(facts: Facts) -> Finding:
    ready = sum(pod.is_ready and not pod.is_leaving for pod in facts.pods)
    type_ = ConditionType.AVAILABLE
    if ready:
        return Finding(type_, True, Reason.MINIMUM_REPLICAS_AVAILABLE, f"{ready} replicas serve")
    return Finding(type_, False, Reason.MINIMUM_REPLICAS_UNAVAILABLE, "no replica serves")


def _find_progress(facts: Facts) -> Iterator[tuple[bool, Reason, str]]:
    """As `_find_readiness`."""
    rollout, desired = facts.rollout, facts.desired
    so_far = f"{rollout.updated} of {desired} replicas are as the spec says"
    if facts.is_making_last:
        yield True, Reason.SNAPSHOTTING, "a last snapshot is made before its data is removed"
    yield from _find_standstill(facts, so_far)
    if not rollout.is_there or (desired and not rollout.ready and not facts.earlier):
        yield True, Reason.PROVISIONING, "its parts are being made"
    if not facts.is_bootstrapped:
        yield True, Reason.BOOTSTRAPPING, "it is being filled from what bootstrap names"
    if facts.is_waiting_for_turn:
        told = "pods of another release wait until other indexes have theirs"
        yield True, Reason.WAITING_FOR_TURN, told
    if not rollout.is_seen or rollout.updated < desired:
        yield True, Reason.ROLLING_OUT, so_far
    if rollout.replicas != desired or rollout.ready < desired:
        yield True, Reason.SCALING, f"{rollout.ready} of {desired} replicas serve"
    if facts.is_reloading:
        yield True, Reason.RELOADING, "replicas load a snapshot, a few at a time"
    refused = (each for each in facts.extra if each.reason is Reason.CHILD_REFUSED)
    yield from ((False, each.reason, each.message) for each in refused)
    yield False, Reason.UP_TO_DATE, "everything is as the spec says"


def _find_standstill(facts: Facts, told: str) -> Iterator[tuple[bool, Reason, str]]:
    """Why nothing moves, whatever there is to do."""
    if facts.is_paused:
        yield False, Reason.PAUSED, "spec.paused is true: nothing is changed"
    if facts.faults:
        yield False, Reason.SPEC_INVALID, "nothing is changed while the spec cannot be done"
    if facts.rollout.is_stuck:
        yield False, Reason.PROGRESS_DEADLINE_EXCEEDED, f"{told}, for ten minutes now"


def _assess_degradation(trouble: Trouble | None) -> Finding:
    if trouble is None:
        return Finding(ConditionType.DEGRADED, False, Reason.AS_EXPECTED, "nothing is wrong")
    return Finding(ConditionType.DEGRADED, True, trouble.reason, trouble.message)


def _assess_spec(facts: Facts) -> Finding:
    type_, faults = ConditionType.SPEC_ACCEPTED, facts.faults
    if not faults:
        return Finding(
            type_, True, Reason.ACCEPTED, "; ".join(("the spec can be done", *facts.notes))
        )
    told = "; ".join(fault.message for fault in faults)
    if facts.rollout.is_there:
        told += ". What was accepted last runs on"
    return Finding(type_, False, faults[0].reason, told)


def _find_troubles(facts: Facts) -> Iterator[Trouble]:
    for pod in facts.pods:
        trouble = pod.trouble
        if trouble is None or pod.is_leaving:
            continue
        # It stays as it ended, for days, when others have long taken its place.
        if trouble.reason is Reason.EVICTED and facts.rollout.ready >= facts.desired:
            continue
        if trouble.reason in _PASSING and facts.now - pod.created < _PATIENCE:
            continue
        yield Trouble(trouble.reason, f"pod {pod.name}: {trouble.message}")
    yield from _find_held(facts)
    yield from facts.extra
    for found in _find_in_reports(facts):
        if found.reason is not Reason.DATABASE_UNAVAILABLE or _is_away_for_long(facts):
            yield found


def _find_held(facts: Facts) -> Iterator[Trouble]:
    """A pod that does not end, and for whose end the next one waits: both want one volume."""
    if not facts.desired or not all(pod.is_leaving for pod in facts.pods):
        return
    for pod in facts.pods:
        if pod.leaves_by is not None and facts.now - pod.leaves_by > _LEAVING_PATIENCE:
            yield Trouble(
                Reason.VOLUME_UNAVAILABLE,
                f"pod {pod.name} was told to end and node {pod.node} does not say that it has; "
                "the next one waits, because the volume may still be written to there",
            )


def _find_in_reports(facts: Facts) -> Iterator[Trouble]:
    for report in facts.reports:
        if report.index is not None and report.index.damage is not None:
            yield Trouble(Reason.INDEX_DAMAGED, report.index.damage)
        if not report.database.reachable:
            told = report.database.fault or "it does not answer"
            yield Trouble(
                Reason.DATABASE_UNAVAILABLE,
                f"the database is away ({told}); searches go on, writes wait for it",
            )
        if report.shortage is not None:
            is_of_memory = report.shortage.of == "memory"
            reason = Reason.MEMORY_FULL if is_of_memory else Reason.STORAGE_FULL
            yield Trouble(reason, report.shortage.told)
        if not report.encoder.serving:
            yield _explain_encoder(report.encoder)
        if report.snapshot.fault is not None:
            yield Trouble(Reason.SNAPSHOT_LOAD_FAILED, report.snapshot.fault)
        if facts.wants_gpu and report.encoder.is_fallback:
            yield Trouble(
                Reason.RUNNING_ON_CPU,
                "a GPU was asked for and cannot be used; texts are embedded on the CPU, slowly",
            )


def _explain_encoder(encoder: EncoderReport) -> Trouble:
    told = encoder.fault or "it does not answer"
    if encoder.code in OTHER_MODEL:
        return Trouble(Reason.MODEL_UNAVAILABLE, told)
    return Trouble(
        Reason.ENCODER_UNAVAILABLE,
        f"the embedding tier is away ({told}); searches by vector and reads go on",
    )


def _is_away_for_long(facts: Facts) -> bool:
    for condition in facts.earlier:
        if condition.reason == Reason.DATABASE_UNAVAILABLE:
            since = read_time(condition.last_transition_time)
            return facts.now - since > _DATABASE_PATIENCE
    return False
