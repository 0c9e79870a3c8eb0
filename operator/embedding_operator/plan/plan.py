"""What one pass over an index decides. Pure: the same observation gives the same plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from embedding_operator.autoscaling.decision import Sample
from embedding_operator.names import CONFIG_MAPS, DEPLOYMENTS, JOBS
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.plan.actions import Event, SnapshotAction
from embedding_operator.plan.bootstrap import Bootstrap, plan_bootstrap
from embedding_operator.plan.children import Changes, Child, list_children, plan_changes
from embedding_operator.plan.deletion import Deletion, plan_deletion
from embedding_operator.plan.events import tell_drift, tell_transitions
from embedding_operator.plan.facts import (
    find_claimed,
    find_extra,
    find_foreign,
    find_refused,
    gather,
)
from embedding_operator.plan.reloading import Reloading, ReloadOrder, plan_reload
from embedding_operator.plan.renewal import (
    Renewal,
    assess_renewal,
    hold_back,
    is_renewed,
    stamp,
)
from embedding_operator.plan.report import tell_status
from embedding_operator.plan.scaling import count_replicas, plan_scaling
from embedding_operator.plan.setting import Setting
from embedding_operator.plan.snapshots import (
    SnapshotPlan,
    is_open,
    keep_snapshots,
    plan_last_snapshots,
    plan_snapshots,
)
from embedding_operator.plan.sweeping import Sweeping, plan_sweep
from embedding_operator.reasons import ConditionType
from embedding_operator.resolution.faults import find_faults
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
    bootstrap = plan_bootstrap(observation, wanted)
    scaling = plan_scaling(observation, setting.history)
    wanted = replace(wanted, replicas=scaling.replicas)
    sweeping = plan_sweep(observation, wanted)
    children = [*_list_children(wanted, setting, is_open=bootstrap.is_done), *sweeping.children]
    is_waiting = _is_waiting(observation, setting, children)
    if is_waiting:
        children = hold_back(children, observation.children)
    changes = _plan_changes(observation, wanted, setting, children)
    faults = [
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
        foreign = Changes(foreign=changes.foreign)
        return _stand_still(observation, wanted, setting, facts, foreign)
    facts = _foresee(facts, changes, setting.refusals)
    status, reloading, snapshots = _plan_data(
        observation, wanted, setting, facts, bootstrap, sweeping
    )
    status = status.model_copy(update={"resolved": resolved, "autoscaling": scaling.status})
    return Plan(
        status,
        changes,
        snapshots.actions,
        bootstrap,
        reloading.orders,
        events=(
            *tell_transitions(index.status, status),
            *tell_drift(changes),
            *scaling.events,
        ),
        requeue_after=_when(observation, status, bootstrap),
        history=scaling.history,
        renewal=replace(_assess_renewal(index, facts, status), is_waiting=is_waiting),
    )


def _foresee(facts: Facts, changes: Changes, refusals: Mapping[ChildKey, str]) -> Facts:
    """With the Deployment not as far as it was seen to be, where it is about to be written.

    Else the status would say of the spec as it is now that everything is as it says.
    """
    keys = {child.key for child in changes.applied if child.kind is DEPLOYMENTS}
    if keys <= refusals.keys():
        return facts
    return replace(facts, rollout=replace(facts.rollout, is_seen=False))


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
    snapshots = plan_snapshots(observation, setting.refusals)
    troubles = (bootstrap.trouble, reloading.trouble, sweeping.trouble)
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
    observation: Observation, wanted: Wanted, setting: Setting, facts: Facts, foreign: Changes
) -> Plan:
    """Change nothing, because of a fault or a person's word; tell how it stands."""
    index = observation.index
    status = tell_status(observation, wanted, facts, keep_snapshots(observation).last_slot)
    status = status.model_copy(update={"operator": setting.operator})
    events = tuple(tell_transitions(index.status, status))
    renewal = _assess_renewal(index, facts, status)
    return Plan(status, foreign, events=events, history=setting.history, renewal=renewal)


def _plan_end(observation: Observation, wanted: Wanted, setting: Setting) -> Plan:
    index = observation.index
    is_elsewhere = wanted.database is DatabaseType.POSTGRESQL or (
        wanted.storage.s3 is not None and index.spec.deletion_policy is DeletionPolicy.DELETE
    )
    deletion = plan_deletion(observation, needs_pod=is_elsewhere, refusal=setting.purge_refusal)
    facts = replace(
        gather(observation, wanted, ()),
        is_deleting=True,
        extra=[*filter(None, [deletion.trouble]), *find_refused(setting.refusals)],
    )
    snapshots = plan_last_snapshots(observation)
    status = tell_status(observation, wanted, facts, snapshots.last_slot)
    return Plan(
        status,
        Changes() if deletion.is_done else _plan_last_changes(observation, wanted, setting),
        snapshots=snapshots.actions,
        deletion=deletion,
        events=tuple(tell_transitions(index.status, status)),
        requeue_after=_SOON if deletion.trouble is None else _AGAIN,
    )


def _plan_last_changes(observation: Observation, wanted: Wanted, setting: Setting) -> Changes:
    """What a pod needs that is to remove the index's data: our keys, and that there is one."""
    live = observation.children.get((DEPLOYMENTS, wanted.meta.name))
    kinds = {CONFIG_MAPS}
    if live is None or not live["spec"].get("replicas"):
        kinds.add(DEPLOYMENTS)
    wanted = replace(wanted, replicas=1)
    children = _list_children(wanted, setting, is_open=False)
    changes = _plan_changes(observation, wanted, setting, children)
    return Changes(
        tuple(child for child in changes.applied if child.kind in kinds),
        removed=tuple(each for each in changes.removed if each[0] is JOBS),
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


def _list_children(wanted: Wanted, setting: Setting, *, is_open: bool) -> list[Child]:
    children = list_children(wanted, setting.namespace, is_open=is_open)
    return stamp(children, setting.release)


def _is_waiting(observation: Observation, setting: Setting, children: Sequence[Child]) -> bool:
    """Whether its pods, which have served, stay as they are until it is this index's turn."""
    has_served = observation.index.status.fingerprint is not None
    return not setting.has_turn and has_served and is_renewed(children, observation.children)


def _assess_renewal(index: EmbeddingIndex, facts: Facts, status: IndexStatus) -> Renewal:
    return assess_renewal(
        facts.rollout,
        has_served=index.status.fingerprint is not None,
        is_degraded=has_condition(status, ConditionType.DEGRADED),
    )


def _plan_changes(
    observation: Observation, wanted: Wanted, setting: Setting, children: Sequence[Child]
) -> Changes:
    return plan_changes(
        children,
        observation.children,
        observation.index.meta,
        setting.settled,
        wanted.is_claimed_from,
        observation.claims.wanted_elsewhere,
    )


def _when(observation: Observation, status: IndexStatus, bootstrap: Bootstrap) -> float:
    is_moving = has_condition(status, ConditionType.PROGRESSING)
    # An index that has become ready may take its aliases, which the next pass sees.
    has_turned = _is_ready(status) != _is_ready(observation.index.status)
    if is_moving or has_turned or not bootstrap.is_done or any(map(is_open, observation.snapshots)):
        return _SOON
    return _SCALING if observation.index.spec.autoscaling else _LATER


def _is_ready(status: IndexStatus) -> bool:
    return has_condition(status, ConditionType.READY)


def has_condition(status: IndexStatus, type_: ConditionType) -> bool:
    """Whether a condition is True."""
    return any((each.type, each.status) == (type_, "True") for each in status.conditions or ())
