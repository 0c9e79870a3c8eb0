"""The status of an index, as a plan tells it."""

from collections.abc import Sequence
from datetime import datetime

from embedding_operator.children.environment import PUBLIC_PORT
from embedding_operator.children.metadata import build_selector
from embedding_operator.names import DEPLOYMENTS
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod
from embedding_operator.reasons import ConditionType
from embedding_operator.reports import Report
from embedding_operator.resolution.faults import can_schedule
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.status import Failure, IndexStatus, ReplicaStatus
from embedding_operator.resources.times import write_time
from embedding_operator.status.assessment import Facts, Rollout, assess
from embedding_operator.status.conditions import Finding, merge
from embedding_operator.status.phase import name_phase, pick_message
from embedding_operator.status.snapshots import assess_snapshots, tell_snapshots

_TOLD_REPLICAS = 50


def read_rollout(observation: Observation) -> Rollout:
    """The Deployment, as far as it has come."""
    live = observation.children.get((DEPLOYMENTS, observation.index.meta.name))
    if live is None:
        return Rollout()
    status = live.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    progress = conditions.get("Progressing", {}).get("reason")
    return Rollout(
        replicas=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        is_there=True,
        is_seen=status.get("observedGeneration", 0) >= live["metadata"].get("generation", 0),
        is_stuck=progress == "ProgressDeadlineExceeded",
        is_complete=progress == "NewReplicaSetAvailable",
        wanted=(live.get("spec") or {}).get("replicas", 0),
    )


def list_reports(observation: Observation) -> list[Report]:
    """What pods say, of those there are."""
    reports = observation.reports
    return [reports[pod.uid] for pod in observation.pods if pod.uid in reports]


def tell_status(
    observation: Observation, wanted: Wanted, facts: Facts, last_slot: str | None
) -> IndexStatus:
    """All of it but the claim, and what was resolved."""
    index, earlier = observation.index, observation.index.status
    findings = assess(facts)
    # One of an index that never was, that goes, or that nobody serves, has no next time.
    is_off = facts.is_deleting or not facts.desired
    is_off = is_off or (bool(facts.faults) and index.status.resolved is None)
    scheduled = None if is_off or not can_schedule(facts.faults) else index.spec.snapshots
    snapshots = assess_snapshots(observation.snapshots, scheduled, observation.now)
    served = [report.index for report in facts.reports if report.index is not None]
    newest = max(served, key=lambda each: each.applied, default=None)
    selector = build_selector(index.meta)
    return earlier.model_copy(
        update={
            "observed_generation": index.meta.generation,
            "phase": name_phase(findings, has_served=bool(earlier.fingerprint)),
            "message": pick_message(findings),
            "conditions": _merge(observation, [*findings, *filter(None, [snapshots])]),
            "replicas": facts.rollout.replicas,
            "ready_replicas": facts.rollout.ready,
            "updated_replicas": facts.rollout.updated,
            "selector": ",".join(f"{key}={value}" for key, value in selector.items()),
            "replica_statuses": _tell_replicas(observation) or None,
            "documents": earlier.documents if newest is None else newest.documents,
            "version": earlier.version if newest is None else newest.version,
            "fingerprint": earlier.fingerprint if newest is None else newest.fingerprint,
            "endpoint": f"http://{index.meta.name}.{index.meta.namespace}.svc:{PUBLIC_PORT}",
            "aliases": list(wanted.aliases) or None,
            "last_failure": _tell_failure(findings, earlier.last_failure, observation.now),
            "snapshots": tell_snapshots(
                observation.snapshots, scheduled, last_slot, observation.now, earlier.snapshots
            ),
        }
    )


def _merge(observation: Observation, findings: Sequence[Finding]) -> list[object]:
    index = observation.index
    return list(
        merge(findings, index.status.conditions or (), index.meta.generation, observation.now)
    )


def _tell_failure(
    findings: Sequence[Finding], earlier: Failure | None, now: datetime
) -> Failure | None:
    """What is wrong, since when it is so; what was wrong last, where nothing is."""
    (finding,) = [each for each in findings if each.type is ConditionType.DEGRADED]
    if not finding.is_so:
        return earlier
    if earlier is not None and (earlier.reason, earlier.message) == (
        finding.reason,
        finding.message,
    ):
        return earlier
    return Failure(reason=finding.reason, message=finding.message, time=write_time(now))


def _tell_replicas(observation: Observation) -> list[ReplicaStatus]:
    told = [_tell_replica(pod, observation.reports.get(pod.uid)) for pod in observation.pods]
    return sorted(told, key=lambda each: each.pod)[:_TOLD_REPLICAS]


def _tell_replica(pod: Pod, report: Report | None) -> ReplicaStatus:
    index = report.index if report is not None else None
    return ReplicaStatus(
        pod=pod.name,
        node=pod.node,
        ready=pod.is_ready,
        version=index and index.applied,
        lag=index and max(0, index.version - index.applied),
        message=pod.trouble.message[:512] if pod.trouble else None,
    )
