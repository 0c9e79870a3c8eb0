"""An operator with a cluster in memory: what was written is seen, pods come up at once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from embedding_indexes import DEFAULTS, NAMESPACE, NOW, index_body
from embedding_operator.apply.executor import Executor
from embedding_operator.apply.heard import HeardCluster
from embedding_operator.apply.snapshots import SnapshotMaker
from embedding_operator.apply.writer import Writer
from embedding_operator.children.metadata import INDEX, MANAGED_BY, UID
from embedding_operator.defaults import Defaults
from embedding_operator.metrics import Metrics
from embedding_operator.names import DEPLOYMENTS, INDEXES, NAMESPACES, PODS, PROGRAM, Kind
from embedding_operator.observe.cache import Cache
from embedding_operator.observe.observer import Observer
from embedding_operator.reconciler import Reconciler
from embedding_operator.resources.objects import Manifest
from embedding_operator.tokens import Signer, SigningKey
from fake_cluster import FakeCluster
from fake_operator_pods import FakePods
from observed import container_body, pod_body

DOCS = (NAMESPACE, "docs")
SIGNER = Signer((SigningKey.new(datetime.now(UTC)),))
RUNNING = {
    **container_body({"running": {}}),
    "podIP": "10.0.0.1",
    "conditions": [{"type": "Ready", "status": "True"}],
}


@dataclass
class Town:
    """`restart` begins with nothing in memory, as a new process does."""

    cluster: FakeCluster = field(default_factory=FakeCluster)
    pods: FakePods = field(default_factory=FakePods)
    operator: str = "system/main"
    now: datetime = NOW
    defaults: Defaults = DEFAULTS

    def __post_init__(self) -> None:
        self.cache = Cache()
        self.restart()
        self.cluster.watcher = self._see
        self.cluster.objects[NAMESPACES, "", NAMESPACE] = {"metadata": {"name": NAMESPACE}}

    def restart(self) -> None:
        self.registry = CollectorRegistry()
        heard = HeardCluster(self.cluster, self._hear)
        writer = Writer(heard, self.operator)
        self.observer = Observer(self.cluster, self.pods, self.cache, lambda: self.now)
        self.reconciler = Reconciler(
            cache=self.cache,
            observer=self.observer,
            executor=Executor(writer, SnapshotMaker(heard, self.pods, writer.manager), self.pods),
            defaults=self.defaults,
            operator=self.operator,
            signer=lambda: SIGNER,
            metrics=Metrics(self.registry),
        )
        self.reconciler.resume()

    def build(self, spec: dict[str, Any] | None = None, **meta: Any) -> None:
        """Put an index there, or change it."""
        name = meta.get("name", "docs")
        there = self.cluster.objects.get((INDEXES, NAMESPACE, name), {})
        body = {**index_body(spec), **({"status": there["status"]} if there else {})}
        body["metadata"] = {**there.get("metadata", {}), **body["metadata"], **meta}
        self.cluster.add(INDEXES, body)

    async def turn(self, name: str = "docs", *, after: float = 2.0) -> float | None:
        """One pass, some seconds after the one before."""
        self.now += timedelta(seconds=after)
        return await self.reconciler.reconcile((NAMESPACE, name))

    async def settle(self, *names: str) -> None:
        for _ in range(8):
            for name in names or ("docs",):
                await self.turn(name)

    @property
    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.cluster.objects[INDEXES, *DOCS]["status"]
        return status

    def told(self, type_: str = "Ready") -> tuple[str, str]:
        (condition,) = [each for each in self.status["conditions"] if each["type"] == type_]
        return condition["status"], condition["reason"]

    def _hear(self, kind: Kind, body: Manifest) -> None:
        self.cache.put(kind, body)

    def _see(self, kind: Kind, event: str, body: dict[str, Any]) -> None:
        if event == "DELETED":
            self.cache.drop(kind, body)
            return
        self.cache.put(kind, body)
        if kind is DEPLOYMENTS and not _is_served(body):
            self._serve(body)

    def _serve(self, deployment: dict[str, Any]) -> None:
        """As the controllers of Deployments, ReplicaSets and the kubelet do."""
        replicas, index = deployment["spec"]["replicas"], deployment["metadata"]["name"]
        uid = deployment["metadata"]["labels"][UID]
        for place in range(replicas):
            name = f"{index}-{place}"
            pod = pod_body(RUNNING, name=name, uid=f"uid-of-{name}", labels=label(index, uid))
            pod["spec"]["containers"] = deployment["spec"]["template"]["spec"]["containers"]
            self.cluster.add(PODS, pod)
        for pod in self.cluster.of(PODS):
            name = pod["metadata"]["name"]
            if name.startswith(f"{index}-") and int(name.removeprefix(f"{index}-")) >= replicas:
                self.cluster.remove(PODS, NAMESPACE, name)
        counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), replicas)
        generation = deployment["metadata"]["generation"]
        status = {**counts, "observedGeneration": generation}
        self.cluster.add(DEPLOYMENTS, {**deployment, "status": status})


def label(index: str, uid: str) -> dict[str, str]:
    """By which the pods of an index are found, and known as its own."""
    return {INDEX: index, MANAGED_BY: PROGRAM, UID: uid}


def _is_served(body: dict[str, Any]) -> bool:
    status = body.get("status") or {}
    return bool(
        status.get("observedGeneration") == body["metadata"]["generation"]
        and status.get("replicas") == body["spec"]["replicas"]
    )
