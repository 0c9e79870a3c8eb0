"""What one pass over an index decides. Pure: the same observation gives the same plan."""

from dataclasses import dataclass, field, replace
from typing import Final

from embedding_operator.autoscaling.decision import Sample
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.plan.actions import Event, SnapshotAction
from embedding_operator.plan.adoption import accept, plan_adoption
from embedding_operator.plan.bootstrap import Bootstrap, plan_bootstrap
from embedding_operator.plan.changes import change_all, change_keys, change_last
from embedding_operator.plan.children import Changes, list_children
from embedding_operator.plan.deletion import Deletion, plan_deletion
from embedding_operator.plan.events import tell_drift, tell_transitions
from embedding_operator.plan.facts import (
    find_claimed,
    find_extra,
    find_foreign,
    find_refused,
    foresee,
    gather,
)
from embedding_operator.plan.reloading import Reloading, ReloadOrder, plan_reload
from embedding_operator.plan.renewal import (
    Renewal,
    assess_renewal,
)
from embedding_operator.plan.report import tell_status
from embedding_operator.plan.scaling import Scaling, count_replicas, plan_scaling
from embedding_operator.plan.setting import Setting
from embedding_operator.plan.snapshots import (
    SnapshotPlan,
    keep_snapshots,
    plan_last_snapshots,
    plan_snapshots,
)
from embedding_operator.plan.sweeping import Sweeping, plan_sweep
from embedding_operator.reasons import ConditionType, Reason
from embedding_operator.resolution.faults import can_schedule, find_faults
from embedding_operator.resolution.resolve import resolve
from embedding_operator.resolution.wanted import Wanted, want
from embedding_operator.resources.data import DatabaseType
from embedding_operator.resources.index import DeletionPolicy
from embedding_operator.resources.objects import EmbeddingIndex
from embedding_operator.resources.status import IndexStatus, Resolved
from embedding_operator.status.assessment import Facts

_SOON: Final = 2.0
_SCALING: Final = 5.0
_AGAIN: Final = 30.0
_LATER: Final = 60.0
"""Seconds until an index is looked at again, though nothing is told of it: while it changes, where
its load decides, where its end has failed, and else."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order, and when to look again."""

    status: IndexStatus
    changes: Changes = field(default_factory=Changes)
    snapshots: tuple[SnapshotAction, ...] = ()
    bootstrap: Bootstrap = field(default_factory=Bootstrap)
    reloads: tuple[ReloadOrder, ...] = ()
    deletion: Deletion | None = None
    events: tuple[Event, ...] = ()
    requeue_after: float = _LATER
    """Seconds."""
    history: tuple[Sample, ...] = ()
    renewal: Renewal = field(default_factory=Renewal)


def name_children(index: EmbeddingIndex, setting: Setting) -> list[ChildKey]:
    """Kinds and names of what the index may come to have, to be looked for."""
    resolved = index.status.resolved or resolve(index.spec, setting.defaults)
    wanted = _want(index, resolved, setting, tuple(index.spec.aliases or ()))
    return [child.key for child in list_children(wanted, setting.namespace, is_open=True)]


def plan(observation: Observation, setting: Setting) -> Plan:
    """Children, snapshots, status, events."""
    index = observation.index
    resolved = index.status.resolved or resolve(index.spec, setting.defaults)
    wanted = _want(index, resolved, setting, observation.claims.aliases)
    if index.meta.deleted is not None:
        return _plan_end(observation, wanted, setting)
    adoption = plan_adoption(observation, wanted)
    wanted = replace(wanted, data_uid=adoption.uid)
    bootstrap = plan_bootstrap(observation, wanted)
    scaling = plan_scaling(observation, setting.history)
    wanted = replace(wanted, replicas=scaling.replicas)
    sweeping = plan_sweep(observation, wanted)
    changes, is_waiting = change_all(
        observation, wanted, setting, sweeping.children, is_open=bootstrap.is_done
    )
    faults = [
        *adoption.faults,
        *find_faults(wanted, resolved, setting.defaults),
        *find_claimed(observation),
        *find_foreign(changes),
    ]
    facts = replace(
        gather(observation, wanted, faults),
        is_waiting_for_turn=is_waiting,
        is_bootstrapped=bootstrap.is_done,
    )
    if faults or index.spec.paused:
        facts = replace(facts, extra=find_extra(observation, setting.refusals))
        changes = replace(change_keys(observation, wanted, setting), foreign=changes.foreign)
        return _stand_still(observation, wanted, setting, facts, changes)
    if adoption.uid != index.data_uid:  # whose snapshots were not looked for, and may be held
        seen = accept(observation, adoption.uid)
        still = _stand_still(seen, wanted, setting, facts, Changes())
        return replace(still, requeue_after=_SOON)
    parts = _Parts(resolved, bootstrap, scaling, sweeping, changes)
    return _go_on(accept(observation, adoption.uid), wanted, setting, facts, parts)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What was decided of one aspect each."""

    resolved: Resolved
    bootstrap: Bootstrap
    scaling: Scaling
    sweeping: Sweeping
    changes: Changes


def _go_on(
    observation: Observation, wanted: Wanted, setting: Setting, facts: Facts, parts: _Parts
) -> Plan:
    """All of it, where nothing stands in the way."""
    index, bootstrap, scaling = observation.index, parts.bootstrap, parts.scaling
    facts = foresee(facts, parts.changes, setting.refusals)
    status, reloading, snapshots = _plan_data(
        observation, wanted, setting, facts, bootstrap, parts.sweeping
    )
    status = status.model_copy(update={"resolved": parts.resolved, "autoscaling": scaling.status})
    renewal = _assess_renewal(index, facts, status)
    return Plan(
        status,
        parts.changes,
        snapshots.actions,
        bootstrap,
        reloading.orders,
        events=(
            *tell_transitions(index.status, status),
            *tell_drift(parts.changes),
            *scaling.events,
        ),
        requeue_after=_when(
            observation,
            status,
            is_filling=not bootstrap.is_done,
            is_held_up=bootstrap.is_held_up or bool(setting.unwilling),
        ),
        history=scaling.history,
        renewal=replace(renewal, is_waiting=facts.is_waiting_for_turn),
    )


def _plan_data(
    observation: Observation,
    wanted: Wanted,
    setting: Setting,
    facts: Facts,
    bootstrap: Bootstrap,
    sweeping: Sweeping,
) -> tuple[IndexStatus, Reloading, SnapshotPlan]:
    """Snapshots made and loaded, and the status that tells of all."""
    reloading = Reloading(status=observation.index.status.reload)
    if bootstrap.is_done:
        reloading = plan_reload(observation, setting.defaults.bounds.reloads)
    snapshots = plan_snapshots(
        observation,
        setting.refusals,
        endpoint=wanted.storage.endpoint,
        can_schedule=bool(wanted.replicas),
    )
    troubles = (bootstrap.trouble, reloading.trouble, *setting.unwilling, sweeping.trouble)
    facts = replace(
        facts,
        extra=find_extra(observation, setting.refusals, *troubles),
        is_reloading=reloading.is_going_on,
    )
    status = tell_status(observation, wanted, facts, snapshots.last_slot).model_copy(
        update={
            "operator": setting.operator,
            "bootstrap": bootstrap.status,
            "reload": reloading.status,
        }
    )
    return status, reloading, snapshots


def _stand_still(
    observation: Observation, wanted: Wanted, setting: Setting, facts: Facts, changes: Changes
) -> Plan:
    """Change nothing of it, because of a fault or a person's word; tell how it stands.

    What runs on with a fault is backed up as before.
    """
    index = observation.index
    snapshots = keep_snapshots(observation)
    is_backed_up = not index.spec.paused and index.status.resolved is not None
    if is_backed_up:
        is_read = can_schedule(facts.faults) and bool(wanted.replicas)
        snapshots = plan_snapshots(
            observation,
            setting.refusals,
            endpoint=wanted.storage.endpoint,
            can_schedule=is_read,
        )
    status = tell_status(observation, wanted, facts, snapshots.last_slot)
    status = status.model_copy(update={"operator": setting.operator})
    is_busy = is_backed_up and any(each.is_open for each in observation.snapshots)
    return Plan(
        status,
        changes,
        snapshots.actions,
        events=tuple(tell_transitions(index.status, status)),
        requeue_after=_SOON if is_busy else _LATER,
        history=setting.history,
        renewal=_assess_renewal(index, facts, status),
    )


def _plan_end(observation: Observation, wanted: Wanted, setting: Setting) -> Plan:
    index = observation.index
    is_elsewhere = wanted.database is DatabaseType.POSTGRESQL or (
        wanted.storage.s3 is not None and index.spec.deletion_policy is DeletionPolicy.DELETE
    )
    deletion = plan_deletion(observation, needs_pod=is_elsewhere, refusal=setting.purge_refusal)
    facts = replace(
        gather(observation, wanted, ()),
        is_deleting=True,
        is_making_last=deletion.is_making_last,
        extra=[*filter(None, [deletion.trouble]), *find_refused(setting.refusals)],
    )
    snapshots = plan_last_snapshots(observation, wanted.storage.endpoint)
    status = tell_status(observation, wanted, facts, snapshots.last_slot)
    return Plan(
        status,
        Changes() if deletion.is_done else change_last(observation, wanted, setting),
        snapshots=snapshots.actions,
        deletion=deletion,
        events=tuple(tell_transitions(index.status, status)),
        requeue_after=_SOON if deletion.trouble is None else _AGAIN,
    )


def _want(
    index: EmbeddingIndex, resolved: Resolved, setting: Setting, aliases: tuple[str, ...]
) -> Wanted:
    return want(
        index,
        resolved,
        setting.defaults,
        replicas=count_replicas(index.spec, index.status.autoscaling),
        operator_keys=setting.operator_keys,
        aliases=aliases,
    )


def _assess_renewal(index: EmbeddingIndex, facts: Facts, status: IndexStatus) -> Renewal:
    return assess_renewal(
        facts.rollout,
        has_served=index.status.fingerprint is not None,
        is_degraded=has_condition(status, ConditionType.DEGRADED),
    )


def _when(
    observation: Observation, status: IndexStatus, *, is_filling: bool, is_held_up: bool
) -> float:
    """Pods that refuse to fill it, or to load what it names, would refuse it again at once."""
    told = {each.type: each for each in status.conditions or ()}[ConditionType.PROGRESSING]
    waits = is_held_up and told.reason in {Reason.BOOTSTRAPPING, Reason.RELOADING}
    is_moving = not waits and (is_filling or told.status == "True")
    is_making = any(each.is_open for each in observation.snapshots)
    # An index that has become ready may take its aliases, which the next pass sees.
    has_turned = _is_ready(status) != _is_ready(observation.index.status)
    if is_moving or has_turned or is_making:
        return _SOON
    return _SCALING if observation.index.spec.autoscaling else _LATER


def _is_ready(status: IndexStatus) -> bool:
    return has_condition(status, ConditionType.READY)


def has_condition(status: IndexStatus, type_: ConditionType) -> bool:
    """Whether a condition is True."""
    return any((each.type, each.status) == (type_, "True") for each in status.conditions or ())
