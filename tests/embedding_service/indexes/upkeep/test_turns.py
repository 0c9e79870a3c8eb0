"""What was asked for comes between two of the things that are done unasked."""

import threading
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry

from embedding_service.environment import child_environment
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.turns import Turn
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.telemetry.index_metrics import IndexMetrics
from kept_index import KeptIndex
from waiting import wait_until

SECONDS = 20.0


class BusyIndex(KeptIndex):
    """One that always wants something."""

    has_news = True
    work: Callable[[], object] = staticmethod(lambda: None)

    def take_builds(self) -> bool:
        self.work()
        return True


def test_whoever_waits_comes_before_whoever_has_just_let_go() -> None:
    turn, order = Turn(), list[str]()

    def wait() -> None:
        with turn:
            order.append("waited")

    waiting = threading.Thread(target=wait)
    with turn:
        waiting.start()
        wait_until(lambda: turn.is_awaited, SECONDS, "somebody who waits")
    with turn:
        order.append("again")
    waiting.join()
    assert order == ["waited", "again"]
    assert not turn.is_awaited


def test_a_compaction_comes_before_whatever_else_there_is_to_do(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, child_environment(), threads=1)
    upkeep, order = Upkeep(workshop, IndexMetrics(CollectorRegistry())), list[str]()
    busy = BusyIndex()
    compaction = threading.Thread(
        target=upkeep.compact, args=[KeptIndex(uid="u2"), lambda: order.append("compaction")]
    )

    def work() -> None:
        if not order:
            compaction.start()
            wait_until(lambda: upkeep._working.is_awaited, SECONDS, "a compaction")
        order.append("upkeep")

    busy.work = work
    for _ in range(3):
        assert upkeep.look_after([busy])
    compaction.join()
    upkeep.close()
    assert order == ["upkeep", "compaction", "upkeep", "upkeep"]
