"""Who plays pods, on an API server without kubelets: one step at a time, as a test says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from embedding_operator.children.metadata import INDEX
from embedding_operator.cluster import Cluster
from embedding_operator.errors import PodFailure
from embedding_operator.names import CHILDREN, DEPLOYMENTS, INDEXES, JOBS, PODS, Kind
from embedding_operator.reports import IndexReport, Report, SnapshotReport
from embedding_operator.resources.objects import Manifest
from embedding_operator.resources.times import write_time

VERSION = 7
DOCUMENTS = 3
_CONTAINER = {"name": "server", "image": "none"}


@dataclass(slots=True)
class Puppet:
    """What all pods of one index share: its database and its store."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By key."""
    snapshots: list[str] = field(default_factory=list)
    is_purged: bool = False


class PuppetPods:
    """Pods that answer at once, whatever their address; of each index, one database."""

    def __init__(self) -> None:
        self.puppets: dict[str, Puppet] = {}
        self.calls: list[tuple[str, str]] = []

    async def report(self, address: str, audience: str) -> Report:
        """Healthy, and as far as the database."""
        puppet = self.puppets.setdefault(audience, Puppet())
        newest = puppet.snapshots[-1] if puppet.snapshots else None
        return Report(
            instance=f"process-{address}",
            ready=True,
            index=IndexReport(
                model="mini",
                fingerprint="f" * 64,
                documents=DOCUMENTS,
                version=VERSION,
                applied=VERSION,
            ),
            snapshot=SnapshotReport(begun_from=newest),
        )

    async def call(
        self,
        address: str,
        audience: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Mapping[str, Any]:
        """Do what is asked, once for each key."""
        puppet = self.puppets.setdefault(audience, Puppet())
        self.calls.append((method, path))
        if method == "GET" and path.startswith("/jobs?key="):
            job = puppet.jobs.get(path.partition("=")[2])
            return {"jobs": [job] if job else []}
        if path.startswith("/jobs/") and key is not None:
            if key not in puppet.jobs:
                puppet.jobs[key] = self._work(puppet, path, audience, body or {})
            return puppet.jobs[key]
        if path == "/snapshots/sweep" and body is not None:
            kept = {*body["held"], *puppet.snapshots[-1:]}
            puppet.snapshots = [each for each in puppet.snapshots if each in kept]
            return {"dropped": []}
        raise PodFailure(f"{address}: no route {method} {path}", 404)

    def _work(
        self, puppet: Puppet, path: str, audience: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        detail: dict[str, Any] = {}
        if path == "/jobs/purge":
            puppet.is_purged = True
            detail = {"documents": DOCUMENTS, "snapshots": 0}
        if path == "/jobs/snapshot":
            id_ = f"s{len(puppet.snapshots) + 1}"
            puppet.snapshots.append(id_)
            detail = {
                "id": id_,
                "uri": f"s3://bucket/{audience}",
                "version": VERSION,
                "count": DOCUMENTS,
                "size_bytes": 1,
                "checksum": "0" * 64,
            }
        return {
            "id": f"job-{len(puppet.jobs) + 1}",
            "state": "succeeded",
            "instance": "process",
            "detail": detail,
            "asked": dict(body),
        }


class Kubelet:
    """Plays the controller of Deployments and the kubelets, for one namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._alive: set[str] = set()
        """uids of the indexes that were there at the last step."""
        self._gone: set[str] = set()
        """uids of those that were there once: what is made for them later goes too."""

    async def step(self) -> bool:
        """Pods as every Deployment wants them, all ready, and its status says so; whether
        anything was to be done."""
        deployments = await self._list(DEPLOYMENTS)
        pods = await self._list(PODS)
        owners = {each["metadata"]["name"] for each in deployments}
        moved = [await self._run_pods(each, pods) for each in deployments]
        orphans = [pod for pod in pods if pod["metadata"]["labels"][INDEX] not in owners]
        for pod in orphans:
            await self._delete(pod)
        ended = [await self._end_job(each) for each in await self._list(JOBS)]
        return any([*moved, orphans, *ended, await self._collect_garbage()])

    async def _end_job(self, job: Manifest) -> bool:
        """As if its pod had done what it was to do; whether it had not ended before."""
        if job.get("status", {}).get("completionTime"):
            return False
        now = write_time(datetime.now(UTC))
        status = {
            "startTime": now,
            "completionTime": now,
            "succeeded": 1,
            "uncountedTerminatedPods": {},
            "conditions": [
                {"type": type_, "status": "True", "lastTransitionTime": now}
                for type_ in ("SuccessCriteriaMet", "Complete")
            ],
        }
        await self._tell(JOBS, job["metadata"]["name"], status)
        return True

    async def _collect_garbage(self) -> bool:
        """What belonged to an index that is gone; whether there was any."""
        alive = {body["metadata"]["uid"] for body in await self._list(INDEXES)}
        self._gone |= self._alive - alive
        self._alive = alive
        if not self._gone:
            return False
        is_any = False
        for kind in CHILDREN:
            for body in await self._list(kind):
                meta = body["metadata"]
                owners = {owner["uid"] for owner in meta.get("ownerReferences", ())}
                if owners & self._gone:
                    await self._cluster.delete(kind, self._namespace, meta["name"], meta["uid"])
                    is_any = True
        return is_any

    async def lose_pods(self) -> None:
        """As if their nodes were gone."""
        for pod in await self._list(PODS):
            await self._delete(pod)

    async def _run_pods(self, deployment: Manifest, pods: Sequence[Manifest]) -> bool:
        name, wanted = deployment["metadata"]["name"], deployment["spec"]["replicas"]
        own = {
            pod["metadata"]["name"]: pod for pod in pods if pod["metadata"]["labels"][INDEX] == name
        }
        names = [f"{name}-{number}" for number in range(wanted)]
        for number, each in enumerate(names):
            if each not in own:
                await self._start(deployment, each, number)
        for each in own.keys() - set(names):
            await self._delete(own[each])
        status = build_rollout(deployment)
        known = deployment.get("status", {})
        is_told = {**known, **status} == known or (
            not wanted and known == {**known, **_shown(status)}
        )
        if not is_told:
            await self._tell(DEPLOYMENTS, name, status)
        return not is_told or set(names) != own.keys()

    async def _start(self, deployment: Manifest, name: str, number: int) -> None:
        await self._cluster.apply(PODS, build_pod(deployment, name), "kubelet")
        await self._tell(PODS, name, build_running(f"10.0.0.{number + 1}"))

    async def _tell(self, kind: Kind, name: str, status: Mapping[str, Any]) -> None:
        metadata = {"name": name, "namespace": self._namespace}
        body = {"apiVersion": kind.api, "kind": kind.kind, "metadata": metadata, "status": status}
        await self._cluster.apply_status(kind, body, "kubelet")

    async def _delete(self, pod: Manifest) -> None:
        meta = pod["metadata"]
        await self._cluster.delete(PODS, meta["namespace"], meta["name"], meta["uid"])

    async def _list(self, kind: Kind) -> list[Manifest]:
        return [each async for each in self._cluster.list(kind, self._namespace)]


def build_pod(deployment: Manifest, name: str) -> Manifest:
    """A pod of its template, as far as the operator looks at it, placed on a node."""
    return {
        "apiVersion": PODS.api,
        "kind": PODS.kind,
        "metadata": {
            "name": name,
            "namespace": deployment["metadata"]["namespace"],
            "labels": deployment["spec"]["template"]["metadata"]["labels"],
        },
        "spec": {
            "containers": [_CONTAINER],
            "nodeName": "node",
            "terminationGracePeriodSeconds": 0,  # nobody is there to end it
        },
    }


def build_running(address: str) -> Manifest:
    """The status of a pod that is ready."""
    running = {"ready": True, "restartCount": 0, "imageID": "", "state": {"running": {}}}
    return {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [{**_CONTAINER, **running}],
    }


def build_rollout(deployment: Manifest) -> dict[str, int]:
    """The status of a Deployment all of whose pods are ready."""
    wanted = deployment["spec"]["replicas"]
    return {
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": wanted,
        "updatedReplicas": wanted,
        "readyReplicas": wanted,
        "availableReplicas": wanted,
    }


def _shown(status: Mapping[str, int]) -> dict[str, int]:
    """What the API server shows of it: zeros are left out."""
    return {name: value for name, value in status.items() if value}
