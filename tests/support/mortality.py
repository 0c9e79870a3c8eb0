"""The death of this process at a chosen point of its work, as `kill -9` would have it.

A point is STEP:COUNT: the process dies when it comes to STEP for the COUNTth time. Most steps are a
call, to which it comes right before and right after. With STEP:COUNT:DELAY it goes on for so many
microseconds: into a commit, a write to a file, or whatever comes next.

    statement   any statement sent to the database        commit    of a transaction
    migrate     the schema, before its commit              apply     a write to the view in memory
    seal        the growing segment                        compact   all segments of an index
    gather      segments into one                          store     that one in a file
    build       its graph in a child                       adopt     a segment into the view
    share       a graph: its files, then its row           purge     removals
    publish     a file of a snapshot                       announce  it by its manifest
    retire      an old snapshot                            retune    another engine
"""

import logging
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar
from unittest import mock

import structlog
from sqlalchemy import Engine, event

from embedding_service.indexes.archive import Archive
from embedding_service.indexes.index import Index
from embedding_service.indexes.records import opening, purging
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.snapshots import announcing, retention
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.indexes.view import View
from embedding_service.jobs.compaction import Compaction

_P = ParamSpec("_P")
_T = TypeVar("_T")
_CALLS: tuple[tuple[str, object, str], ...] = (
    ("migrate", opening, "migrate"),
    ("retune", Record, "retune"),
    ("apply", Index, "_apply"),
    ("seal", View, "_sealed"),
    ("compact", Upkeep, "compact"),
    ("gather", Upkeep, "_gather"),
    ("store", Workshop, "store"),
    ("build", subprocess, "Popen"),
    ("adopt", View, "adopt"),
    ("share", Archive, "share"),
    ("share", Record, "publish_build"),
    ("purge", purging, "_purge_some"),
    ("announce", announcing, "announce"),
    ("retire", retention, "drop"),
)
_FILE_CALLS = ("fsync", "link", "replace")
"""Of `os`: each leaves something behind."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where to die."""

    step: str
    count: int
    delay: int = 0
    """Microseconds."""

    @classmethod
    def parse(cls, text: str) -> "Point":
        """From STEP:COUNT or STEP:COUNT:DELAY."""
        step, *numbers = text.split(":")
        return cls(step, *map(int, numbers))

    def __str__(self) -> str:
        return ":".join(map(str, (self.step, self.count, self.delay)[: 3 if self.delay else 2]))


class Fate:
    """Of this process, from `install` on; there is one."""

    def __init__(self) -> None:
        self._point: Point | None = None
        self._times: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._publisher = threading.local()

    def arm(self, point: Point | None) -> None:
        """Die at this point, counted from now on; None lives."""
        with self._counting:
            self._times.clear()
            self._point = point

    def install(self) -> None:
        """Come to every step there is."""
        event.listen(Engine, "before_cursor_execute", partial(self._come_to, "statement"))
        event.listen(Engine, "commit", partial(self._come_to, "commit"))
        for step, place, attribute in _CALLS:
            replace(place, attribute, self._mortal(step, getattr(place, attribute)))
        replace(Archive, "publish", self._publishing(Archive.publish))
        for name in _FILE_CALLS:
            replace(os, name, self._mortal("publish", getattr(os, name)))

    def _come_to(self, step: str, *_: object) -> None:
        if step == "publish" and not getattr(self._publisher, "is_here", False):
            return
        with self._counting:
            self._times[step] += 1
            point = self._point
            if point is not None and (step, self._times[step]) == (point.step, point.count):
                _die(point.delay)

    def _mortal(self, step: str, function: Callable[_P, _T]) -> Callable[_P, _T]:
        """`function`, with a point before and another one after it."""

        def run(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            self._come_to(step)
            outcome = function(*args, **kwargs)
            self._come_to(step)
            return outcome

        return run

    def _publishing(self, function: Callable[_P, _T]) -> Callable[_P, _T]:
        """`function`, and files written in its thread meanwhile are steps of publishing."""

        def run(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            self._publisher.is_here = True
            try:
                return function(*args, **kwargs)
            finally:
                self._publisher.is_here = False

        return run


def make_small(rows: int) -> None:
    """Seal segments of so many rows."""
    replace(View.__init__, "__defaults__", (None, rows))


def make_forgetful() -> None:
    """Forget removals with every compaction, however young they are."""
    replace(Compaction.__init__, "__defaults__", (0.0,))


def make_quiet() -> None:
    """Log nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def replace(place: object, attribute: str, replacement: Any) -> None:
    """For the rest of this process."""
    mock.patch.object(place, attribute, replacement).start()


def _die(delay: int) -> None:
    if delay:
        # Nothing handles this signal: the kernel ends the process wherever it is by then.
        signal.setitimer(signal.ITIMER_REAL, delay / 1e6)
    else:
        os.kill(os.getpid(), signal.SIGKILL)
