"""How a new index is filled from what its spec names: once, before anybody reaches it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from embedding_operator.names import SNAPSHOTS
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.plan.retries import is_due
from embedding_operator.reasons import Reason
from embedding_operator.reports import Job
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import SnapshotPhase
from embedding_operator.resources.status import Bootstrapped


@dataclass(frozen=True, slots=True)
class Source:
    """A snapshot to be put back."""

    uid: str
    """Folder in its store, `namespace/uid`."""
    id: str
    url: str | None = None
    """Its store, where that is not the index's own."""

    @property
    def order(self) -> Mapping[str, Any]:
        """As pods are asked for it."""
        return {"from_uid": self.uid, "snapshot": self.id, "url": self.url}


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Where it stands, and the next step."""

    is_done: bool = True
    status: Bootstrapped | None = None
    source: Source | None = None
    """To be asked for now, of `pod`."""
    pod: Pod | None = None
    is_retry: bool = False
    trouble: Trouble | None = None
    is_held_up: bool = False
    """Whether it cannot go on until something else changes, which is heard of."""


@dataclass(frozen=True, slots=True)
class _Choice:
    source: Source | None = None
    trouble: Trouble | None = None


def plan_bootstrap(observation: Observation, wanted: Wanted) -> Bootstrap:
    """The next step of filling the index; done for good where there is nothing to do."""
    index = observation.index
    spec, earlier = index.spec.bootstrap, index.status.bootstrap
    if spec is None or spec.retained is not None or (earlier is not None and earlier.done):
        return Bootstrap(status=earlier)
    job = observation.bootstrap
    begun = earlier or Bootstrapped()
    if job is not None:
        begun = begun.model_copy(update={"job": job.id})
    if job is not None and job.has_succeeded:
        # Whatever has become of its source, it is there.
        snapshot = begun.snapshot or job.detail.snapshot
        return Bootstrap(status=begun.model_copy(update={"snapshot": snapshot, "done": True}))
    trouble = _explain(job) if job is not None else None
    if job is not None and not _is_wanted(job, observation.now):
        is_refused = job.has_failed and not job.is_passing
        return Bootstrap(is_done=False, status=begun, trouble=trouble, is_held_up=is_refused)
    choice = _choose(observation, wanted)
    if choice.source is None:
        is_held_up = choice.trouble is not None
        return Bootstrap(
            is_done=False, status=earlier, trouble=choice.trouble, is_held_up=is_held_up
        )
    ready = [pod for pod in observation.pods if pod.is_ready and not pod.is_leaving]
    return Bootstrap(
        is_done=False,
        status=begun.model_copy(update={"snapshot": choice.source.id}),
        source=choice.source,
        pod=min(ready, key=lambda each: each.name, default=None),
        is_retry=job is not None,
        trouble=trouble,
    )


def _is_wanted(job: Job, now: datetime) -> bool:
    """Whether work that was begun is to be begun again: what was refused would be refused again."""
    return job.is_lost or (job.is_mendable and is_due(job, now))


def _explain(job: Job) -> Trouble | None:
    setback = job.error if job.is_mendable else job.setback
    if job.has_failed and not job.is_mendable and not job.is_lost:
        return Trouble(Reason.SNAPSHOT_LOAD_FAILED, f"bootstrap: {job.error}")
    if setback is None:
        return None
    return Trouble(Reason.SNAPSHOT_LOAD_FAILED, f"bootstrap: {setback}; it is tried again")


def _choose(observation: Observation, wanted: Wanted) -> _Choice:
    spec = observation.index.spec.bootstrap
    if spec is not None and spec.uri is not None:
        return _read(spec.uri)
    name = spec.snapshot if spec is not None else None
    snapshot = observation.source
    if snapshot is None:
        told = f"there is no {SNAPSHOTS.kind} {name} in this namespace; it is waited for"
        return _Choice(trouble=Trouble(Reason.SNAPSHOT_NOT_FOUND, told))
    if snapshot.status.phase is SnapshotPhase.FAILED:
        told = f"snapshot {name} has failed; name another in a new index"
        return _Choice(trouble=Trouble(Reason.SNAPSHOT_NOT_FOUND, told))
    if snapshot.status.phase is not SnapshotPhase.COMPLETED:
        return _Choice()  # not yet
    return _reach(snapshot, wanted)


def _reach(snapshot: EmbeddingIndexSnapshot, wanted: Wanted) -> _Choice:
    """A snapshot by name lies in storage that both must have: no Secret is borrowed.

    The address is a pod's word, which names no folder but that of the snapshot's own index.
    """
    choice = _read(snapshot.status.uri or "")
    source, own = choice.source, wanted.storage.url
    if source is None:
        return choice
    there, here = snapshot.status.endpoint, wanted.storage.endpoint
    is_same = source.url == own and there == here
    if not is_same or own is None or not own.startswith("s3://"):
        told = (
            f"snapshot {snapshot.meta.name} lies in {_place(source.url, there)}, and this index "
            f"has {_place(own, here)}; give it the same storage, or name the snapshot by "
            "bootstrap.uri, with a Secret and its endpoint"
        )
        return _Choice(trouble=Trouble(Reason.SNAPSHOT_UNREACHABLE, told))
    if source.uid != f"{snapshot.meta.namespace}/{snapshot.status.index_uid}":
        told = f"snapshot {snapshot.meta.name} is told to lie in the folder of another index"
        return _Choice(trouble=Trouble(Reason.SNAPSHOT_UNREACHABLE, told))
    return _Choice(Source(source.uid, source.id))


def _place(url: str | None, endpoint: str | None) -> str:
    if url is None:
        return "no storage of its own"
    return url if endpoint is None else f"{url} of {endpoint}"


def _read(uri: str) -> _Choice:
    source = parse_uri(uri)
    if source is not None:
        return _Choice(source)
    told = f"{uri!r} is no address of a snapshot, <store>/<namespace>/<uid>/<id>"
    return _Choice(trouble=Trouble(Reason.SNAPSHOT_UNREACHABLE, told))


def parse_uri(uri: str) -> Source | None:
    """`<store>/<namespace>/<uid>/<id>`, as snapshots tell it; None for what is none."""
    found = re.fullmatch(r"(?P<url>\w+://.+)/(?P<uid>[^/]+/[^/]+)/(?P<id>[^/]+)/?", uri)
    return None if found is None else Source(found["uid"], found["id"], found["url"])
