"""A namespace with an operator in it that has only what a test gives it: no kopf, no sleep."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from embedding_operator.apply.executor import Executor
from embedding_operator.apply.snapshots import SnapshotMaker
from embedding_operator.apply.writer import Writer
from embedding_operator.cluster import Cluster, KubernetesCluster, load_configuration
from embedding_operator.controller import SELECTOR, WATCHED
from embedding_operator.defaults import Defaults, EncoderDefaults, Images, StorageDefaults
from embedding_operator.errors import Conflicting
from embedding_operator.metrics import Metrics
from embedding_operator.names import CHILDREN, INDEXES, SNAPSHOTS
from embedding_operator.observe.cache import Cache
from embedding_operator.observe.observer import Observer
from embedding_operator.reconciler import Reconciler
from embedding_operator.resources.data import S3, StorageType
from embedding_operator.resources.objects import Manifest
from embedding_operator.tokens import Signer, SigningKey
from tests.api_server.mortals import Life, MortalCluster, MortalPods
from tests.api_server.puppets import Kubelet, PuppetPods

OPERATOR: Final = "operators/test"
DEFAULTS: Final = Defaults(
    model="mini",
    encoder=EncoderDefaults(url="http://tier:8001"),
    storage=StorageDefaults(type=StorageType.S3, s3=S3(bucket="bucket")),
    images=Images(index="registry/index:1", server="registry/server:1"),
)
SIGNER: Final = Signer((SigningKey.new(datetime.now(UTC)),))
_ROUNDS: Final = 40
_UIDS: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LAST: Final = re.compile(r"-last-[0-9a-f]{8}")
"""Of a snapshot before the end of an index, with the beginning of its uid."""
_TIMES: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@asynccontextmanager
async def connected(kubeconfig: Path, agent: str = "test") -> AsyncIterator[KubernetesCluster]:
    """The operator's own way to an API server, without its patience; audit logs have `agent`."""
    configuration = await load_configuration(kubeconfig)
    cluster = KubernetesCluster(configuration, rate=1_000_000, agent=agent)
    try:
        yield cluster
    finally:
        await cluster.close()


class World:
    """One namespace, its pods, and a clock that a test moves."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        defaults: Defaults = DEFAULTS,
        acting: Cluster | None = None,
    ) -> None:
        """`acting` is the operator's own way to the API server, where it is not everybody's."""
        self.cluster = cluster
        self.acting = acting or cluster
        self.namespace = namespace
        self.pods = PuppetPods()
        self.kubelet = Kubelet(cluster, namespace)
        self.now = datetime.now(UTC)
        self.defaults = defaults
        self.operator = OPERATOR

    async def settle(self, life: Life | None = None) -> list[str]:
        """Let operator and kubelet act in turn until neither has anything to do; the operator's
        writes. Raises Killed when its life is over."""
        life = life or Life()
        reconciler, cache = self._build(life)
        for _ in range(_ROUNDS):
            before = life.moves
            await self.operate(reconciler, cache, life)
            self.now += timedelta(seconds=3)
            if not await self.kubelet.step() and life.moves == before:
                return life.writes
        raise AssertionError(f"it does not come to rest in {_ROUNDS} rounds: {life.writes[-20:]}")

    async def operate(self, reconciler: Reconciler, cache: Cache, life: Life) -> None:
        """One pass over every index, as the API server has it now."""
        mortal = MortalCluster(self.acting, life)
        for kind in WATCHED:
            selector = "" if kind in (INDEXES, SNAPSHOTS) else SELECTOR
            cache.begin(kind)
            async for body in mortal.list(kind, self.namespace, selector):
                cache.take(kind, body)
            cache.end(kind)
        indexes = [each["metadata"]["name"] for each in cache.all(INDEXES)]
        for name in sorted(indexes):
            try:
                await reconciler.reconcile((self.namespace, name))
            except Conflicting:  # it is looked at again, as the queue would
                continue

    def _build(self, life: Life) -> tuple[Reconciler, Cache]:
        cache, cluster = Cache(), MortalCluster(self.acting, life)
        pods = MortalPods(self.pods, life)
        writer = Writer(cluster, self.operator)
        reconciler = Reconciler(
            cache=cache,
            observer=Observer(cluster, pods, cache, lambda: self.now),
            executor=Executor(writer, SnapshotMaker(cluster, pods, writer.manager), pods),
            defaults=self.defaults,
            operator=self.operator,
            signer=lambda: SIGNER,
            metrics=Metrics(CollectorRegistry()),
        )
        return reconciler, cache

    async def picture(self) -> dict[str, Any]:
        """All that is there, without what no two worlds can share: uids, times, versions."""
        seen: dict[str, Any] = {}
        uids: dict[str, str] = {}
        for kind in (INDEXES, SNAPSHOTS, *CHILDREN):
            async for body in self.cluster.list(kind, self.namespace):
                meta = body["metadata"]
                uids[meta["uid"]] = f"<{kind.kind} {meta['name']}>"
                seen[f"{kind.kind} {meta['name']}"] = _strip(body)
        return {
            str(_mask(name, uids, self.namespace)): _mask(body, uids, self.namespace)
            for name, body in seen.items()
        }

    async def put(self, name: str, **spec: Any) -> None:
        """Apply an index, as a person."""
        body = {
            "apiVersion": INDEXES.api,
            "kind": INDEXES.kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }
        await self.cluster.apply(INDEXES, body, "person")

    async def ask_snapshot(self, name: str, index: str) -> None:
        """Apply a snapshot, as a person."""
        body = {
            "apiVersion": SNAPSHOTS.api,
            "kind": SNAPSHOTS.kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"indexRef": {"name": index}},
        }
        await self.cluster.apply(SNAPSHOTS, body, "person")

    async def take(self, kind: Any, name: str) -> None:
        """Delete an object, as a person, if it is there."""
        async for body in self.cluster.list(kind, self.namespace):
            if body["metadata"]["name"] == name:
                await self.cluster.delete(kind, self.namespace, name, body["metadata"]["uid"])

    async def read(self, name: str) -> Manifest:
        """An index."""
        return await self.cluster.get(INDEXES, self.namespace, name)


def _strip(body: Manifest) -> dict[str, Any]:
    dropped = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
    meta = {key: value for key, value in body["metadata"].items() if key not in dropped}
    annotations = {
        key: value
        for key, value in meta.get("annotations", {}).items()
        if key not in ("gpu-embedding.io/applied", "gpu-embedding.io/template")  # digests
    }
    return {**body, "metadata": {**meta, "annotations": annotations}}


def _mask(value: Any, names: Mapping[str, str], namespace: str) -> Any:
    if isinstance(value, Mapping):
        if value.get("name") == "INDEX_ENGINE_REVISION":  # made of the index's time
            return {**value, "value": "<number>"}
        hidden = {"observedGeneration", "clusterIP", "clusterIPs", "attempts"}
        return {
            key: _mask(each, names, namespace) for key, each in value.items() if key not in hidden
        }
    if isinstance(value, list):
        return [_mask(each, names, namespace) for each in value]
    if not isinstance(value, str):
        return value
    for uid, name in names.items():
        value = value.replace(uid, name)
    value = _UIDS.sub("<uid>", value.replace(namespace, "<namespace>"))
    return _TIMES.sub("<time>", _LAST.sub("-last-<uid>", value))
