"""Reads what one pass needs.

From the cache; from the API server, where the cache cannot know; and from pods.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from embedding_operator.cluster import Cluster
from embedding_operator.errors import Missing, PodFailure
from embedding_operator.names import (
    AUTOSCALERS,
    CHILDREN,
    EVENTS,
    INDEXES,
    NAMESPACES,
    PODS,
)
from embedding_operator.observe.asking import Asking
from embedding_operator.observe.cache import Cache, IndexKey
from embedding_operator.observe.claims import find_claims
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.observe.pods import Pod, explain_events, parse_pod, pick_current
from embedding_operator.observe.snapshots import find_own, find_source, find_strays
from embedding_operator.observe.usage import Reading, count_cores, take_reading
from embedding_operator.pods import Pods
from embedding_operator.reports import Job, Report, name_bootstrap, name_purge, name_reload
from embedding_operator.resolution.reloading import find_wish
from embedding_operator.resources.index import DeletionPolicy
from embedding_operator.resources.objects import (
    EmbeddingIndex,
    EmbeddingIndexSnapshot,
    Manifest,
)
from embedding_operator.resources.snapshot import SnapshotPhase

_AUTOSCALERS_KNOWN: Final = timedelta(minutes=1)
_GOOD_FOR: Final = timedelta(minutes=2)
"""For which a report counts where no newer one comes: one answer that is late changes nothing."""
_EXPLAINED: Final = 3
"""Pods that wait whose events are read in one pass: most wait for the same."""


@dataclass(frozen=True, slots=True)
class _Known:
    report: Report
    told_at: datetime


class Observer:
    """Bound to one event loop. Raises Unavailable."""

    def __init__(
        self, cluster: Cluster, pods: Pods, cache: Cache, clock: Callable[[], datetime]
    ) -> None:
        self._cluster = cluster
        self._pods = pods
        self._cache = cache
        self._clock = clock
        self._reports: dict[IndexKey, dict[str, _Known]] = {}
        self._readings: dict[IndexKey, dict[str, tuple[Reading, ...]]] = {}
        self._silences: dict[IndexKey, datetime] = {}
        self._autoscalers: dict[IndexKey, tuple[tuple[str, ...], datetime]] = {}

    async def observe(
        self, index: EmbeddingIndex, names: Iterable[ChildKey], patience: float
    ) -> Observation:
        """Everything about an index; reports of pods may be `patience` seconds old.

        `names` are those of its children: what the cache does not have is looked for, because the
        cache has only what carries our labels.
        """
        key = (index.meta.namespace, index.meta.name)
        pods = await self._find_pods(index)
        asking = Asking(self._pods, index.key)
        reports, silent = await self._ask(index, pods, patience, asking)
        # Who answers comes first: he is asked for more.
        asked = sorted(
            (pod for pod in pods if pod.is_ready), key=lambda pod: (pod.uid in silent, pod.name)
        )
        snapshots = find_own(self._cache, index)
        return Observation(
            index=index,
            now=self._clock(),
            children=await self._find_children(key, names),
            pods=tuple(pods),
            reports=reports,
            cores=self._count_cores(key, reports),
            silent=silent,
            silent_since=self._tell_silence(key, asked, silent),
            snapshots=tuple(snapshots),
            strays=tuple(find_strays(self._cache, index)),
            jobs=await self._follow(asked, snapshots, asking),
            source=find_source(self._cache, index),
            bootstrap=await self._follow_bootstrap(index, asked, asking),
            purge=await self._follow_purge(index, pods, asking),
            reloads=await self._follow_reloads(index, asked, reports, asking),
            autoscalers=await self._find_autoscalers(index),
            is_namespace_ending=index.meta.deleted is not None
            and await self.is_ending(index.meta.namespace),
            claims=find_claims(index, self._cache),
        )

    async def look_again(self, observation: Observation, names: Iterable[ChildKey]) -> Observation:
        """The same, with what only the API server knows for certain before Jobs are made.

        Whether its namespace goes, and whether there are children of these names.
        """
        index = observation.index.meta
        return replace(
            observation,
            children={
                **observation.children,
                **await self._find_children((index.namespace, index.name), names),
            },
            is_namespace_ending=await self.is_ending(index.namespace),
        )

    async def is_ending(self, namespace: str) -> bool:
        """Whether a namespace is being deleted, or gone."""
        try:
            body = await self._cluster.get(NAMESPACES, "", namespace)
        except Missing:
            return True
        return body["metadata"].get("deletionTimestamp") is not None

    def now(self) -> datetime:
        """The time."""
        return self._clock()

    def forget(self, key: IndexKey) -> None:
        """The index is gone."""
        self._reports.pop(key, None)
        self._readings.pop(key, None)
        self._silences.pop(key, None)
        self._autoscalers.pop(key, None)

    async def _find_autoscalers(self, index: EmbeddingIndex) -> tuple[str, ...]:
        """Those on this index, as of a minute ago at most."""
        if index.spec.autoscaling is None:
            return ()
        key, now = (index.meta.namespace, index.meta.name), self._clock()
        known = self._autoscalers.get(key)
        if known is not None and now - known[1] < _AUTOSCALERS_KNOWN:
            return known[0]
        found = [
            body["metadata"]["name"]
            async for body in self._cluster.list(AUTOSCALERS, index.meta.namespace)
            if _is_on(body, index)
        ]
        self._autoscalers[key] = (tuple(found), now)
        return tuple(found)

    async def _find_children(
        self, key: IndexKey, names: Iterable[ChildKey]
    ) -> dict[ChildKey, Manifest]:
        found: dict[ChildKey, Manifest] = {}
        for kind in CHILDREN:
            for body in self._cache.owned(kind, key):
                found[kind, body["metadata"]["name"]] = body
        for kind, name in names:
            if (kind, name) in found:
                continue
            there = self._cache.get(kind, key[0], name)
            if there is None:
                try:
                    there = await self._cluster.get(kind, key[0], name)
                except Missing:
                    continue
            found[kind, name] = there
        return found

    async def _find_pods(self, index: EmbeddingIndex) -> list[Pod]:
        """Those that wait for what only events name are explained, as many as tell enough."""
        key = (index.meta.namespace, index.meta.name)
        owned = pick_current(self._cache.owned(PODS, key), index.meta)
        pods = [parse_pod(body) for body in owned]
        waiting = [pod for pod in pods if pod.is_waiting][:_EXPLAINED]
        explained = await asyncio.gather(*(self._explain(index, pod) for pod in waiting))
        known = {pod.uid: pod for pod in explained}
        return [known.get(pod.uid, pod) for pod in pods]

    async def _explain(self, index: EmbeddingIndex, pod: Pod) -> Pod:
        """A pod that waits for what only its events name."""
        fields = f"regarding.name={pod.name},type=Warning"
        warnings = [
            (
                str(body.get("deprecatedLastTimestamp") or body.get("eventTime")),
                str(body.get("reason")),
                str(body.get("note")),
            )
            async for body in self._cluster.list(EVENTS, index.meta.namespace, fields=fields)
        ]
        newest_first = sorted(warnings, key=lambda each: each[0], reverse=True)
        return replace(
            pod, trouble=explain_events((reason, note) for _, reason, note in newest_first)
        )

    async def _ask(
        self, index: EmbeddingIndex, pods: list[Pod], patience: float, asking: Asking
    ) -> tuple[dict[str, Report], dict[str, str]]:
        """Reports that count, and why pods that were asked just now told nothing, by uid."""
        key, now = (index.meta.namespace, index.meta.name), self._clock()
        running = {pod.uid for pod in pods if pod.is_running}
        known = {
            uid: each
            for uid, each in self._reports.get(key, {}).items()
            if uid in running and now - each.told_at < _GOOD_FOR
        }
        fresh = {
            uid for uid, each in known.items() if (now - each.told_at).total_seconds() < patience
        }
        asked = [pod for pod in pods if pod.is_running and pod.address and pod.uid not in fresh]
        answers = await asyncio.gather(*(self._ask_one(pod, asking) for pod in asked))
        told: dict[str, _Known] = {}
        silent: dict[str, str] = {}
        for pod, answer in zip(asked, answers, strict=True):
            if isinstance(answer, _Known):
                told[pod.uid] = answer
            else:
                silent[pod.uid] = answer.message
        self._reports[key] = known = known | told
        readings = self._readings.get(key, {})
        sharing = frozenset(pod.uid for pod in pods if pod.is_ready and not pod.is_leaving)
        self._readings[key] = {uid: readings[uid] for uid in readings.keys() & running} | {
            uid: take_reading(readings.get(uid, ()), each.report, each.told_at, sharing)
            for uid, each in told.items()
        }
        return {uid: each.report for uid, each in known.items()}, silent

    async def _ask_one(self, pod: Pod, asking: Asking) -> _Known | PodFailure:
        answer = await asking.report(pod)
        return answer if isinstance(answer, PodFailure) else _Known(answer, self._clock())

    def _tell_silence(
        self, key: IndexKey, ready: list[Pod], silent: Mapping[str, str]
    ) -> datetime | None:
        """Since when none of the pods that are ready has answered."""
        if not ready or not all(pod.uid in silent for pod in ready):
            self._silences.pop(key, None)
            return None
        return self._silences.setdefault(key, self._clock())

    def _count_cores(self, key: IndexKey, reports: Iterable[str]) -> dict[str, float]:
        readings = self._readings[key]
        counted = {uid: count_cores(readings.get(uid, ())) for uid in reports}
        return {uid: cores for uid, cores in counted.items() if cores is not None}

    async def _follow(
        self, pods: list[Pod], snapshots: list[EmbeddingIndexSnapshot], asking: Asking
    ) -> dict[str, Job]:
        """The work on snapshots, from whichever pod answers: it is in the database."""
        keys = [each.meta.uid for each in snapshots if each.status.phase is SnapshotPhase.RUNNING]
        found = {key: await asking.find_job(pods, key) for key in keys}
        return {key: job for key, job in found.items() if job is not None}

    async def _follow_bootstrap(
        self, index: EmbeddingIndex, pods: list[Pod], asking: Asking
    ) -> Job | None:
        begun = index.status.bootstrap
        if index.spec.bootstrap is None or (begun is not None and begun.done):
            return None
        return await asking.find_job(pods, name_bootstrap(index.meta.uid))

    async def _follow_purge(
        self, index: EmbeddingIndex, pods: list[Pod], asking: Asking
    ) -> Job | None:
        """The furthest of all, for only the pod that does it tells of it."""
        if index.meta.deleted is None:
            return None
        removes_snapshots = index.spec.deletion_policy is DeletionPolicy.DELETE
        key = name_purge(index.meta.uid, removes_snapshots=removes_snapshots)
        asked = [pod for pod in pods if pod.can_answer]
        found = await asyncio.gather(*(asking.find_job([pod], key) for pod in asked))
        jobs = [job for job in found if job is not None]
        return min(jobs, key=lambda job: (job.has_failed, not job.has_succeeded), default=None)

    async def _follow_reloads(
        self, index: EmbeddingIndex, pods: list[Pod], reports: dict[str, Report], asking: Asking
    ) -> dict[str, Job]:
        """Of each ready pod, where the spec names a snapshot."""
        wish = find_wish(index)
        if wish is None:
            return {}
        asked = {
            name_reload(wish.since, reports[pod.uid].instance, is_back=is_back): pod
            for pod in pods
            if pod.uid in reports
            for is_back in (False, True)
        }
        found = await asyncio.gather(*(asking.find_job([pod], key) for key, pod in asked.items()))
        return {key: job for key, job in zip(asked, found, strict=True) if job is not None}


def _is_on(autoscaler: Manifest, index: EmbeddingIndex) -> bool:
    target = autoscaler["spec"]["scaleTargetRef"]
    return (target["kind"], target["name"]) == (INDEXES.kind, index.meta.name)
