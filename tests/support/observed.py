"""What an operator sees of an index: pods, their reports, children as the API server keeps them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from embedding_indexes import NAMESPACE, NOW, an_index
from embedding_operator.names import DEPLOYMENTS, JOBS
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.plan.children import Child
from embedding_operator.reports import Job, Report
from embedding_operator.resources.objects import EmbeddingIndex, Manifest
from embedding_operator.resources.times import write_time


def a_pod(
    name: str = "docs-a",
    *,
    is_ready: bool = True,
    trouble: Trouble | None = None,
    is_leaving: bool = False,
    overdue: timedelta = timedelta(),
    age: timedelta = timedelta(hours=1),
) -> Pod:
    return Pod(
        name=name,
        uid=f"uid-of-{name}",
        address="10.0.0.1",
        node="node-1",
        created=NOW - age,
        is_ready=is_ready,
        is_running=trouble is None,
        leaves_by=NOW - overdue if is_leaving else None,
        trouble=trouble,
    )


def a_report(**told: Any) -> Report:
    """Of a pod that serves; `told` in the words of the port."""
    index = {"fingerprint": "f" * 64, "documents": 3, "version": 5, "applied": 5}
    return Report.model_validate({"instance": "i-1", "ready": True, "index": index, **told})


def a_job(state: str, error: str | None = None, code: str | None = None, **detail: Any) -> Job:
    told = {"id": "j-1", "state": state, "error": error, "code": code, "instance": "i-1"}
    return Job.model_validate({**told, "detail": detail})


LOST = a_job("failed", "the process that ran it ended", "process_ended")


def an_outage(*, age: timedelta = timedelta(), attempts: int = 1) -> Job:
    """A job that has failed because its store was away."""
    job = a_job("failed", "the store does not answer", "snapshot_store_unavailable")
    return job.model_copy(update={"updated_at": NOW - age, "attempts": attempts})


def observe(
    index: EmbeddingIndex | None = None,
    pods: Iterable[Pod] = (),
    reports: dict[str, Report] | None = None,
    **seen: Any,
) -> Observation:
    """An observation; every ready pod reports that it serves, unless `reports` are given."""
    told = {pod.uid: a_report() for pod in pods if pod.is_ready} if reports is None else reports
    given = {"now": NOW, "pods": tuple(pods), "reports": told, **seen}
    return Observation(index=index or an_index(), **given)


def pod_body(
    status: dict[str, Any] | None = None, node: str | None = "node-1", **meta: Any
) -> dict[str, Any]:
    metadata = {
        "name": "docs-a",
        "namespace": NAMESPACE,
        "uid": "uid-of-docs-a",
        "creationTimestamp": write_time(NOW),
        **meta,
    }
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": status or {}}


def container_body(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The status of a pod whose one container is in `state`."""
    container = {"name": "server", "image": "index:1", "restartCount": 0, "state": state, **more}
    return {"containerStatuses": [container]}


def keep(children: Iterable[Child], **rollout: int) -> dict[ChildKey, Manifest]:
    """What the API server has once `children` are applied: with fields that it fills in itself."""
    return {child.key: _keep_one(child, rollout) for child in children}


def _keep_one(child: Child, rollout: dict[str, int]) -> Manifest:
    kept: dict[str, Any] = _fill(child.manifest)
    kept["metadata"] |= {"uid": f"uid-of-{child.key[1]}", "resourceVersion": "9", "generation": 1}
    if child.kind is DEPLOYMENTS:
        replicas = child.manifest["spec"]["replicas"]
        names = ("replicas", "updatedReplicas", "readyReplicas")
        kept["status"] = {"observedGeneration": 1, **dict.fromkeys(names, replicas), **rollout}
    if child.kind is JOBS:
        kept["status"] = a_job_status("Complete")
    return kept


def a_job_status(end: str, at: datetime = NOW) -> dict[str, Any]:
    """Of a Job that has ended: `Complete` or `Failed`."""
    condition = {"type": end, "status": "True", "lastTransitionTime": write_time(at)}
    return {"conditions": [condition]}


def _fill(value: Any) -> Any:
    """Defaults are added; what is empty, and only that, is left away."""
    if isinstance(value, dict):
        kept = {key: _fill(each) for key, each in value.items() if each not in ("", [])}
        return {**kept, "filledIn": "by the API server"}
    if isinstance(value, list):
        return [_fill(each) for each in value]
    return value
