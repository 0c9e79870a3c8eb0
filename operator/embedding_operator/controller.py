"""The frame around passes: what was watched becomes keys, keys become passes, lists come again."""

import asyncio
from collections.abc import Mapping, Set
from typing import Any, Final

import structlog

from embedding_operator.children.metadata import MANAGED_BY
from embedding_operator.cluster import Cluster
from embedding_operator.errors import Conflicting, OperatorError, Unavailable
from embedding_operator.metrics import Metrics
from embedding_operator.names import CHILDREN, INDEXES, PODS, PROGRAM, SNAPSHOTS, Kind
from embedding_operator.observe.cache import Cache, IndexKey, index_of
from embedding_operator.observe.claims import find_rivals
from embedding_operator.observe.waiting import find_waiting
from embedding_operator.reconciler import Reconciler
from embedding_operator.workqueue import WorkQueue

WATCHED: Final = (INDEXES, SNAPSHOTS, *CHILDREN, PODS)
SELECTOR: Final = f"{MANAGED_BY}={PROGRAM}"
"""Label by which others' objects never come here."""
_SETTLE: Final = 0.05
"""Seconds in which several events of one index become one pass."""
_OVERDUE: Final = 300.0
"""Seconds after which a pass that still runs, or none that ended though an index waits, means a
stuck loop. How long one index waits does not: a thousand that are made at once take minutes."""
_LISTS_MISSED: Final = 3
"""Times `resync` after which a list that does not end, well or not, means a stuck loop."""

_log = structlog.stdlib.get_logger(__name__)


class Controller:
    """Bound to one event loop."""

    def __init__(  # noqa: PLR0913  the composition names every part
        self,
        cluster: Cluster,
        cache: Cache,
        reconciler: Reconciler,
        metrics: Metrics,
        namespaces: tuple[str, ...],
        *,
        concurrency: int,
        resync: float,
    ) -> None:
        """Over `namespaces`, or every one; `resync` is in seconds."""
        self.queue: WorkQueue[IndexKey] = WorkQueue()
        metrics.waiting.set_function(lambda: len(self.queue))
        metrics.active.set_function(lambda: self.queue.busy)
        metrics.oldest.set_function(lambda: self.queue.oldest)
        self._cluster = cluster
        self._cache = cache
        self._reconciler = reconciler
        self._metrics = metrics
        self._namespaces = namespaces
        self._concurrency = concurrency
        self._resync = resync
        self._listed_at: float | None = None
        """When a list ended last, if only in vain."""
        self._heard: set[Kind] = set()
        """Kinds of which something was watched since the last list."""
        self._unheard: dict[Kind, tuple[float, float]] = {}
        """When lists first and last brought news of a kind of which nothing was watched since."""
        self._listing = asyncio.Lock()
        """Of two lists at once each would take what only the other has had for gone."""
        self._tasks: list[asyncio.Task[None]] = []
        self._ended_at = float("-inf")
        """When a pass ended last, by the loop's clock."""

    async def start(self) -> None:
        """Look once, then begin to work. Raises Unavailable, Refused."""
        await self.look()
        self._reconciler.resume()
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        self._tasks.append(asyncio.create_task(self._list_again()))

    async def close(self) -> None:
        """Stop where it is: the next start goes on from what there is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def stuck(self) -> str | None:
        """Why it does not work, if it does not."""
        ended = [task for task in self._tasks if task.done()]
        if ended:
            return f"{len(ended)} of its tasks have ended"
        if self.queue.longest > _OVERDUE:
            return f"a pass has gone on for {self.queue.longest:.0f} s"
        # While passes end, if only in vain, the API server is slow or away: to end would not help.
        idle = _now() - self._ended_at
        if min(self.queue.oldest, idle) > _OVERDUE:
            return f"an index has waited for {self.queue.oldest:.0f} s"
        age = 0.0 if self._listed_at is None else _now() - self._listed_at
        if age > max(_LISTS_MISSED * self._resync, _OVERDUE):
            return f"no list has ended for {age:.0f} s"
        deaf = [
            kind.plural for kind, (first, last) in self._unheard.items() if last - first > _OVERDUE
        ]
        return f"nothing is heard of {', '.join(deaf)}, though they change" if deaf else None

    def note(self, kind: Kind, event: str | None, body: Mapping[str, Any]) -> None:
        """Something was watched: `event` is ADDED, MODIFIED, DELETED, or None for a list's."""
        self._metrics.events.labels(kind.kind).inc()
        self._unheard.pop(kind, None)
        self._heard.add(kind)
        self._take(kind, event, body)

    def hear(self, kind: Kind, body: Mapping[str, Any]) -> None:
        """Something was written: what others had changed by then may be seen here first."""
        self._take(kind, "MODIFIED", body)

    def _take(self, kind: Kind, event: str | None, body: Mapping[str, Any]) -> None:
        index = index_of(kind, body)
        if kind is SNAPSHOTS:  # its status too: that it is complete is what others wait for
            for waiting in find_waiting(body, self._cache):
                self.queue.add(waiting, _SETTLE)
        if event == "DELETED":
            earlier: Mapping[str, Any] = body
            self._cache.drop(kind, body)
            if kind is SNAPSHOTS and index is not None:
                self._tell_left(index, body)
        else:
            earlier = self._cache.put(kind, body) or body
            if earlier is not body and not _is_news(kind, earlier, body):
                return
        # A Service of an alias changes hands: who had it is to know, for what leads to it is his.
        for key in filter(None, dict.fromkeys((index, index_of(kind, earlier)))):
            self.queue.add(key, 0.0 if kind is INDEXES else _SETTLE)
        if kind is INDEXES:
            for each in (earlier, body):
                for rival in find_rivals(each, self._cache):
                    self.queue.add(rival, _SETTLE)

    def _tell_left(self, index: IndexKey, snapshot: Mapping[str, Any]) -> None:
        """Whose index is gone, of that nobody knows the storage's keys."""
        uri = (snapshot.get("status") or {}).get("uri")
        if uri is not None and self._cache.get(INDEXES, *index) is None:
            name = snapshot["metadata"]["name"]
            _log.warning(
                "a snapshot's index is gone, so its data stays",
                namespace=index[0],
                snapshot=name,
                uri=uri,
            )

    async def look(self) -> None:
        """Read everything anew, before it is watched. Raises Unavailable, Refused."""
        unknown = [each.plural for each in WATCHED if not await self._cluster.knows(each)]
        if unknown:
            raise Unavailable(f"the API server does not know {', '.join(unknown)}; apply crds/")
        await self.list_all()

    async def list_all(self) -> None:
        """Read every kind anew; each index gets a pass, those first that there is news of.

        Raises Unavailable, Refused.
        """
        async with self._listing:
            for kind in WATCHED:
                selector = "" if kind in (INDEXES, SNAPSHOTS) else SELECTOR
                self._cache.begin(kind)
                for namespace in self._namespaces or (None,):
                    async for body in self._cluster.list(kind, namespace, selector):
                        self._learn(kind, self._cache.take(kind, body))
                self._learn(kind, self._cache.end(kind))
                self._heard.discard(kind)
        for body in self._cache.all(INDEXES):
            key = body["metadata"]["namespace"], body["metadata"]["name"]
            self.queue.add(key, is_routine=True)
        self._listed_at = _now()

    def _learn(self, kind: Kind, news: Set[IndexKey]) -> None:
        """A list has brought `news` of a kind."""
        # Of one change a watch may be late; of one that comes long after, it is dead.
        if news and self._listed_at is not None and kind not in self._heard:
            first, _ = self._unheard.get(kind, (_now(), 0.0))
            self._unheard[kind] = first, _now()
        for key in news:
            self.queue.add(key)

    async def _list_again(self) -> None:
        while True:
            await asyncio.sleep(self._resync)
            try:
                await self.list_all()
            except OperatorError as error:  # the next one will do
                self._metrics.failures.labels("list").inc()
                _log.warning("not everything was listed", reason=error.message)
                self._listed_at = _now()

    async def _work(self) -> None:
        while True:
            key = await self.queue.take()
            body = self._cache.get(INDEXES, *key)
            generation = body["metadata"].get("generation") if body is not None else None
            with structlog.contextvars.bound_contextvars(
                index="/".join(key), generation=generation
            ):
                await self._pass(key)
            self._ended_at = _now()

    async def _pass(self, key: IndexKey) -> None:
        results = self._metrics.passes
        try:
            with self._metrics.seconds.time():
                again = await self._reconciler.reconcile(key)
        except Unavailable as error:
            delay = self.queue.fail(key, error.retry_after)
            results.labels("unavailable").inc()
            _log.warning("put off", reason=error.message, seconds=round(delay, 1))
        except Conflicting as error:  # somebody was quicker, and what he did is being watched
            results.labels("conflict").inc()
            _log.debug("once more", reason=error.message)
            self.queue.fail(key)
        except OperatorError as error:
            delay = self.queue.fail(key)
            results.labels("refused").inc()
            _log.warning("tried in vain", reason=error.message, seconds=round(delay, 1))
        except Exception:  # noqa: BLE001  the other indexes are not to blame
            delay = self.queue.fail(key)
            results.labels("error").inc()
            _log.exception("an error nobody foresaw", seconds=round(delay, 1))
        else:
            results.labels("success").inc()
            self.queue.done(key)
            if again is not None:
                self.queue.add(key, again, is_routine=True)


def _is_news(kind: Kind, earlier: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a change of an object may change what there is to do: our own words do not."""
    mine, other = body["metadata"], earlier["metadata"]
    if kind not in (INDEXES, SNAPSHOTS):
        return bool(mine.get("resourceVersion") != other.get("resourceVersion"))
    told = ("generation", "deletionTimestamp", "finalizers", "annotations", "labels", "uid")
    if any(mine.get(each) != other.get(each) for each in told):
        return True
    was, is_ = (each.get("status") or {} for each in (earlier, body))
    return bool(was.get("operator")) and not is_.get("operator")


def _now() -> float:
    """Seconds, of the loop."""
    return asyncio.get_running_loop().time()
