"""What the record has told of the sole index, for whoever must have an answer at once."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from embedding_service.errors import ServiceError
from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Standing
from embedding_service.indexes.records.silence import Silence
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.requests import DatabaseFacts

_MOMENT: Final = 0.25
"""Seconds that an answer of the record is waited for."""
_AWAY_AFTER: Final = 10.0
"""Seconds without an answer after which it counts as away."""
_UNFORESEEN: Final = "an error nobody foresaw; the log has it"

_log = structlog.stdlib.get_logger(__name__)


class Standings:
    """Bound to one event loop. However often it is asked, one question at most is under way."""

    def __init__(
        self, pools: Pools, silence: Silence, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`silence` is what those know who ask the record all the time."""
        self._pools = pools
        self._silence = silence
        self._clock = clock
        self._heard_at = clock()
        self._standing: Standing | None = None
        self._fault: str | None = None
        self._asking: asyncio.Task[None] | None = None

    async def hear(self, index: Index) -> Standing | None:
        """The index as the record has it, or had it when it was heard of last."""
        if self._silence.seconds is None:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask(index))
            await asyncio.wait({self._asking}, timeout=_MOMENT)
        return self._standing

    def describe(self) -> DatabaseFacts:
        """Whether the record answers, as far as is known."""
        silent = self._silence.seconds
        if silent is not None:
            return DatabaseFacts(is_reachable=False, fault=self._silence.fault, silence=silent)
        silent = self._clock() - self._heard_at
        is_waiting = self._asking is not None and not self._asking.done()
        if self._fault is None and not (is_waiting and silent > _AWAY_AFTER):
            return DatabaseFacts(is_reachable=True)
        fault = self._fault or f"the database has not answered for {silent:.0f} s"
        return DatabaseFacts(is_reachable=False, fault=fault, silence=silent)

    async def _ask(self, index: Index) -> None:
        try:
            self._standing = await self._pools.read(index.standing)
        except RecordUnavailable as error:
            self._fault = error.message
            return
        except ServiceError:  # the index is gone, or damaged: that is an answer as well
            pass
        except Exception:  # noqa: BLE001  whoever asks how things are is to hear of it
            _log.exception("the record could not be asked")
            self._fault = _UNFORESEEN
            return
        self._fault, self._heard_at = None, self._clock()
