"""Passes over one index in a cluster that does at once whatever it is told, without a cluster."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from embedding_indexes import NOW, SETTING, SHARED, a_snapshot, an_index
from embedding_operator.autoscaling.decision import Sample
from embedding_operator.names import DEPLOYMENTS
from embedding_operator.observe.observation import ChildKey, Claims, Observation
from embedding_operator.observe.pods import Pod
from embedding_operator.plan.children import Changes
from embedding_operator.plan.plan import Plan, plan
from embedding_operator.plan.setting import Setting
from embedding_operator.reports import Job, Report
from embedding_operator.resources.objects import EmbeddingIndex, EmbeddingIndexSnapshot, Manifest
from observed import a_pod, a_report, keep

SCALED = {**SHARED, "autoscaling": {"min": 2, "max": 5, "targets": {"inFlight": 8}}}
SPECS: dict[str, dict[str, Any]] = {
    "minimal": {},
    "replicas": {**SHARED, "replicas": 3},
    "scaled": SCALED,
    "zero": {"replicas": 0},
    "gpu": {"encoder": {"mode": "InPod", "gpu": {}}},
    "ingress": {"ingress": {"host": "a.b"}, "auth": {"mode": "None"}, "aliases": ["live"]},
    "scheduled": {"snapshots": {"schedule": "*/5 * * * *"}},
    "filled": {**SHARED, "bootstrap": {"snapshot": "docs-1"}},
    "deleting": {"deletionPolicy": "SnapshotThenDelete", **SHARED},
    "tolerant": {"podTemplate": {"tolerations": [{"key": "a"}, {"key": "a", "value": "b"}]}},
}
FAULTY: dict[str, dict[str, Any]] = {
    "replicas": {"replicas": 3},
    "schedule": {"snapshots": {"schedule": "a b c d e"}},
    "host": {"encoder": {"url": "http://evil"}},
    "auth": {"ingress": {"host": "a.b"}},
    "scaled": {"autoscaling": {"max": 3, "targets": {"cpu": 50}}},
    "filled": {"bootstrap": {"snapshot": "docs-1"}, "replicas": 2},
}
DONE = a_snapshot(
    "docs-1", "Completed", uri="s3://snapshots/team/old/1", snapshotId="1", indexUid="old"
)


def is_still(planned: Plan) -> bool:
    """Whether nothing is asked of anybody."""
    is_filling = planned.bootstrap.source is not None
    return planned.changes == Changes() and not planned.snapshots and not is_filling


@dataclass
class World:
    """What there is; `turn` makes a plan and makes it come true."""

    spec: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    setting: Setting = SETTING
    now: datetime = NOW
    live: dict[ChildKey, Manifest] = field(default_factory=dict)
    snapshots: tuple[EmbeddingIndexSnapshot, ...] = ()
    jobs: dict[str, Job] = field(default_factory=dict)
    source: EmbeddingIndexSnapshot | None = None
    filling: Job | None = None
    purge: Job | None = None
    claims: Claims | None = None
    report: Report = field(default_factory=a_report)
    history: tuple[Sample, ...] = ()

    @property
    def index(self) -> EmbeddingIndex:
        return an_index(self.spec, self.status, **self.meta)

    @property
    def pods(self) -> tuple[Pod, ...]:
        """As many as the Deployment wants, all ready."""
        deployment = self.live.get((DEPLOYMENTS, "docs"))
        count = deployment["spec"]["replicas"] if deployment else 0
        return tuple(a_pod(f"docs-{place}") for place in range(count))

    def observe(self) -> Observation:
        aliases = tuple(self.index.spec.aliases or ())
        return Observation(
            self.index,
            self.now,
            self.live,
            self.pods,
            {pod.uid: self.report for pod in self.pods},
            self.snapshots,
            self.jobs,
            self.source,
            self.filling,
            self.purge,
            claims=self.claims or Claims(aliases=aliases),
        )

    def plan(self) -> Plan:
        return plan(self.observe(), replace(self.setting, history=self.history))

    def turn(self, *, after: timedelta = timedelta()) -> Plan:
        self.now += after
        planned = self.plan()
        for kind, body in planned.changes.removed:
            del self.live[kind, body["metadata"]["name"]]
        self.live |= keep(planned.changes.applied)
        self.status = planned.status.model_dump(by_alias=True, exclude_none=True, mode="json")
        self.history = planned.history
        return planned

    def settle(self) -> Plan:
        """Enough turns for whatever is told to come true; the plan after them."""
        for _ in range(4):
            self.turn()
        return self.plan()

    def told(self) -> dict[str, tuple[str, str]]:
        """Status and reason of each condition."""
        conditions = self.index.status.conditions or ()
        return {each.type: (each.status, each.reason) for each in conditions}
