"""Follows what other processes write to the same record, and the names that others give."""

import threading
from typing import Final

import structlog

from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.errors import RecordUnavailable

_PERIOD: Final = 1.0
"""Seconds between two looks when nobody tells: a lost notice costs no more than that."""

_log = structlog.stdlib.get_logger(__name__)


class Follower:
    """A thread of its own; no thread where nothing changes but by this process."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._listener = catalogue.listen()
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follow", daemon=True)

    def start(self) -> None:
        """Begin; once."""
        if self._catalogue.is_moving:
            self._thread.start()

    def close(self) -> None:
        """End, and wait for it."""
        self._is_ending.set()
        self._listener.close()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        is_away = False
        while not self._is_ending.is_set():
            self._listener.wait(_PERIOD)
            try:
                self._catalogue.refresh()
            except RecordUnavailable as error:
                if not is_away:
                    _log.warning("the database is away; searches go on", reason=error.message)
                is_away = True
                self._is_ending.wait(_PERIOD)
            except Exception:  # noqa: BLE001  a thread that ended would leave this process behind
                _log.exception("following the record failed")
                self._is_ending.wait(_PERIOD)
            else:
                if is_away:
                    _log.info("the database is back")
                is_away = False
