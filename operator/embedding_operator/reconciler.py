"""One pass over one index: observe, plan, apply, report.

Level-triggered: what was done before is not remembered, but for what saves writes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import ValidationError

from embedding_operator.apply.executor import Executor
from embedding_operator.apply.refusals import noted
from embedding_operator.autoscaling.decision import Sample
from embedding_operator.defaults import Defaults
from embedding_operator.errors import Conflicting, Unavailable
from embedding_operator.metrics import Metrics
from embedding_operator.names import DEPLOYMENTS, INDEXES, SNAPSHOTS
from embedding_operator.observe.cache import Cache, IndexKey
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.observe.observer import Observer
from embedding_operator.observe.pods import Trouble
from embedding_operator.observe.snapshots import find_named
from embedding_operator.plan.actions import Event
from embedding_operator.plan.events import tell_transitions
from embedding_operator.plan.orphans import plan_orphans
from embedding_operator.plan.plan import Plan, name_children, plan
from embedding_operator.plan.renewing import plan_in_turn, resume
from embedding_operator.plan.setting import Setting
from embedding_operator.plan.snapshots import list_held
from embedding_operator.plan.sweeping import find_sweeper, list_new
from embedding_operator.plan.turns import Turns
from embedding_operator.resources.objects import (
    EmbeddingIndex,
    Manifest,
    explain,
    parse_bare,
    parse_index,
)
from embedding_operator.resources.status import IndexStatus
from embedding_operator.status.figures import temper
from embedding_operator.status.refusal import tell_refusal
from embedding_operator.tokens import Signer

_log = structlog.stdlib.get_logger(__name__)

_FRESH: Final = 1.5
_STALE: Final = 45.0
"""Seconds that reports of pods may be old: while something changes, and when nothing does."""
_UNSEEN: Final = 5.0
"""Seconds until a claim that was in vain is tried again, unless its owner is seen by then."""
_REFUSED: Final = 2.0
"""Seconds until what was refused just now is tried once more, before it has to wait its turn."""
_SWEEP: Final = timedelta(minutes=10)
_SWEEP_AGAIN: Final = timedelta(seconds=30)


@dataclass(slots=True)
class _Memory:
    """Of one index: what saves calls, and what the autoscaler's windows have seen.

    A pass without it does again what was done already, and lets windows begin anew.
    """

    uid: str
    settled: dict[ChildKey, str] = field(default_factory=dict)
    refusals: dict[ChildKey, str] = field(default_factory=dict)
    history: tuple[Sample, ...] = ()
    written_at: datetime | None = None
    told: tuple[IndexStatus, IndexStatus] | None = None
    """The status that was written last, and what the API server made of it: a definition that is
    older than this operator takes away what it does not know."""
    is_moving: bool = True
    purge_refusal: str | None = None
    swept: tuple[list[str], datetime] | None = None
    sweep_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Done:
    """What has come of a plan."""

    refusals: dict[ChildKey, str]
    events: Sequence[Event] = ()
    unwilling: tuple[Trouble, ...] = ()
    is_gone: bool = False


class Reconciler:
    """Bound to one event loop."""

    def __init__(  # noqa: PLR0913  the composition names every part
        self,
        *,
        cache: Cache,
        observer: Observer,
        executor: Executor,
        defaults: Defaults,
        operator: str,
        signer: Callable[[], Signer],
        metrics: Metrics,
    ) -> None:
        self._cache = cache
        self._observer = observer
        self._executor = executor
        self._defaults = defaults
        self._operator = operator
        self._signer = signer
        self._metrics = metrics
        self._memories: dict[IndexKey, _Memory] = {}
        self._turns: Turns[IndexKey] = Turns(defaults.bounds.rollouts)

    def resume(self) -> None:
        """Go on, after a restart, with what was going on: before any pass."""
        resume(self._turns, self._cache.all(DEPLOYMENTS))

    async def reconcile(self, key: IndexKey) -> float | None:
        """Bring one index nearer to what it is to be; seconds until the next look, None for never.

        Raises Unavailable, Refused.
        """
        body = self._cache.get(INDEXES, *key)
        if body is None:
            self._forget(key)
            return await self._abandon(key)
        try:
            index = parse_index(body)
        except ValidationError as error:
            self._turns.give_back(key)
            return await self._refuse(key, body, explain(error))
        claimed = await self._executor.claim(index)
        if claimed is None:
            _log.info("left to another operator", owner=index.status.operator)
            self._forget(key)
            self._metrics.indexes.leave(*key)
            return None if index.status.operator else _UNSEEN
        try:
            return await self._pass(key, claimed)
        except (Conflicting, Unavailable):
            raise  # which pass
        except Exception:
            self._turns.give_back(key)  # what cannot be gone on with holds up nobody
            raise

    async def _refuse(self, key: IndexKey, body: Manifest, faults: list[str]) -> float | None:
        """Tell what cannot be read of an index that is this operator's."""
        _log.error("an index cannot be read", reason="; ".join(faults))
        try:
            index = parse_bare(body)
        except ValidationError as error:  # nobody but an operator has written that
            _log.error("its status cannot be read either", reason=str(error))
            return None
        if not await self._executor.claim_bare(index):
            self._forget(key)
            return None if index.status.operator else _UNSEEN
        earlier, meta = index.status, index.meta
        status = tell_refusal(earlier, faults, meta.generation, self._observer.now())
        self._metrics.indexes.tell(*key, status)
        if status != earlier:
            await self._executor.report(index, status)
            await self._executor.tell(index, tell_transitions(earlier, status))
        return None

    async def _abandon(self, key: IndexKey) -> float | None:
        """Tell of snapshots whose index is not there."""
        orphans = plan_orphans(find_named(self._cache, key), self._observer.now())
        await self._executor.abandon(orphans.updates)
        return orphans.requeue_after

    def _forget(self, key: IndexKey) -> None:
        self._memories.pop(key, None)
        self._turns.give_back(key)
        self._observer.forget(key)
        self._metrics.indexes.forget(*key)

    async def _pass(self, key: IndexKey, index: EmbeddingIndex) -> float | None:
        memory = self._memories.get(key)
        if memory is None or memory.uid != index.meta.uid:
            memory = self._memories[key] = _Memory(index.meta.uid)
        if memory.told is not None and memory.told[1] == index.status:
            index = replace(index, status=memory.told[0])
        setting = Setting(
            defaults=self._defaults,
            operator=self._operator,
            operator_keys=self._signer().publish(),
            settled=memory.settled,
            refusals=memory.refusals,
            history=memory.history,
            purge_refusal=memory.purge_refusal,
        )
        names = name_children(index, setting)
        patience = _FRESH if memory.is_moving else _STALE
        observation = await self._observer.observe(index, names, patience)
        planned, setting = plan_in_turn(self._turns, key, observation, setting)
        if sweeps := list_new(planned.changes):
            observation = await self._observer.look_again(observation, sweeps)
            planned, setting = plan_in_turn(self._turns, key, observation, setting)
        if planned.deletion is not None:
            done = await self._end(observation, planned, memory)
        else:
            done = await self._apply(observation, planned, memory)
        if done.is_gone:
            return None
        again = await self._tell(observation, planned, setting, done)
        if planned.deletion is None and not index.spec.paused:
            await self._sweep(observation, memory)
        return again

    async def _apply(self, observation: Observation, planned: Plan, memory: _Memory) -> _Done:
        index, executor = observation.index, self._executor
        refusals: dict[ChildKey, str] = {}
        if not index.spec.paused:
            with noted(refusals, (INDEXES, index.meta.name)):
                await executor.hold(index)
        applied = await executor.change(planned.changes)
        memory.settled.update(applied.settled)
        memory.history = planned.history
        if (scaling := planned.status.autoscaling) is not None and scaling.reason is not None:
            self._metrics.scalings.labels(scaling.reason).inc()
        memory.is_moving = planned.requeue_after < _STALE
        noes = (
            await executor.fill(observation, planned.bootstrap),
            await executor.reload(observation, planned.reloads),
        )
        events = await executor.snapshot(observation, planned.snapshots, refusals)
        return _Done({**applied.refusals, **refusals}, events, tuple(filter(None, noes)))

    async def _tell(
        self, observation: Observation, planned: Plan, setting: Setting, done: _Done
    ) -> float:
        """How it stands now that all was done, or refused; seconds until the next look."""
        memory = self._memories[observation.index.meta.namespace, observation.index.meta.name]
        memory.refusals = done.refusals
        if (done.refusals, done.unwilling) != (setting.refusals, setting.unwilling):
            setting_now = replace(setting, refusals=done.refusals, unwilling=done.unwilling)
            planned = plan(observation, setting_now)
        await self._report(observation, planned, memory)
        await self._executor.tell(observation.index, (*planned.events, *done.events))
        is_news = done.refusals.keys() != setting.refusals.keys()
        return min(_REFUSED, planned.requeue_after) if is_news else planned.requeue_after

    async def _report(self, observation: Observation, planned: Plan, memory: _Memory) -> None:
        index, now = observation.index, observation.now
        self._metrics.indexes.tell(index.meta.namespace, index.meta.name, planned.status)
        status = temper(planned.status, index.status, memory.written_at, now)
        if status != index.status:
            memory.told = status, await self._executor.report(index, status)
            memory.written_at = now

    async def _sweep(self, observation: Observation, memory: _Memory) -> None:
        """Have a pod drop what no object holds: when one has gone, and now and then."""
        held, now = list_held(observation.snapshots), observation.now
        pod = find_sweeper(observation)
        if pod is None:
            return
        if memory.swept is not None and memory.swept[0] == held and now - memory.swept[1] < _SWEEP:
            return
        if memory.sweep_after is not None and now < memory.sweep_after:
            return
        if await self._observer.is_ending(observation.index.meta.namespace):
            return  # objects go with it, and nobody has let go of what they hold
        if await self._executor.sweep(observation.index, pod, held):
            memory.swept = held, now
        else:
            memory.sweep_after = now + _SWEEP_AGAIN

    async def _end(self, observation: Observation, planned: Plan, memory: _Memory) -> _Done:
        """The next step of taking an index away."""
        deletion, index = planned.deletion, observation.index
        assert deletion is not None  # noqa: S101  the caller has looked
        refusals = (await self._executor.change(planned.changes)).refusals
        events = await self._executor.snapshot(observation, planned.snapshots, refusals)
        if deletion.purge is not None:
            memory.purge_refusal = await self._executor.purge(observation, deletion.purge)
        if deletion.snapshot is not None:
            with noted(refusals, (SNAPSHOTS, deletion.snapshot)):
                await self._executor.ask_last(index, deletion.snapshot)
        is_gone = False
        if deletion.is_done:
            with noted(refusals, (INDEXES, index.meta.name)):
                await self._executor.let_go(index, deletion.claims)
                is_gone = True
        return _Done(refusals, events, is_gone=is_gone)
