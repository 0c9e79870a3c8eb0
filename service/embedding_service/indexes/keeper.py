"""The thread that looks after every index: its segments, and what may be forgotten of it."""

import threading
import time
from typing import Final

import structlog

from embedding_service.heap import Heap
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.upkeep.upkeep import Upkeep

_PERIOD: Final = 1.0
"""Seconds between two looks when there was nothing to do."""
_PURGE_PERIOD: Final = 900.0
"""Seconds."""
_TRIM_PERIOD: Final = 10.0
"""Seconds between two looks for memory that segments have left."""

_log = structlog.stdlib.get_logger(__name__)


class Keeper:
    """Runs an Upkeep over a catalogue until it is closed, and purges it now and then."""

    def __init__(self, catalogue: Catalogue, upkeep: Upkeep) -> None:
        self._catalogue = catalogue
        self._upkeep = upkeep
        self._purge_at = time.monotonic() + _PURGE_PERIOD
        self._heap = Heap(_TRIM_PERIOD)
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def close(self) -> None:
        """End, and what is being built with it; nothing is lost by it."""
        self._is_ending.set()
        self._upkeep.close()
        if self._thread.is_alive():
            self._thread.join()

    def _keep(self) -> None:
        while not self._is_ending.is_set():
            try:
                has_worked = self._upkeep.look_after(self._catalogue.opened())
                if time.monotonic() >= self._purge_at:
                    self._purge_at = time.monotonic() + _PURGE_PERIOD
                    self._catalogue.purge()
                self._heap.trim(at_once=has_worked)
            except Exception:  # noqa: BLE001  a thread that ended would leave indexes unbuilt for ever
                _log.exception("looking after segments failed")
                has_worked = False
            if not has_worked:
                self._is_ending.wait(_PERIOD)
