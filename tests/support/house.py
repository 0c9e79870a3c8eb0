"""Upkeep over a real workshop, whose builds are met before they begin and when they end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry

from embedding_service.environment import child_environment
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.building import Built, Stored, Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.telemetry.index_metrics import IndexMetrics
from kept_index import KeptIndex

SMALL = Tuning(exact_rows=1_000)
"""Of an index whose graphs are built in a moment."""


class Bench(Workshop):
    """A real workshop; `before` is called before each build, `after` with what it has built."""

    before: Callable[[], object] = staticmethod(lambda: None)
    after: Callable[[Built], Built] = staticmethod(lambda built: built)
    builds = 0

    def build(self, stored: Stored, blueprint: Blueprint) -> Built:
        self.builds += 1
        self.before()
        return self.after(super().build(stored, blueprint))


@dataclass
class House:
    """Upkeep over a real workshop, its clock and its metrics."""

    folder: Path
    now: float = 0.0
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.bench = Bench(self.folder, child_environment(), threads=1)
        metrics = IndexMetrics(self.registry)
        self.upkeep = Upkeep(self.bench, metrics, clock=lambda: self.now)

    def settle(self, *indexes: KeptIndex) -> None:
        while self.upkeep.look_after(indexes):
            pass

    def sample(self, name: str, index: KeptIndex) -> float | None:
        return self.registry.get_sample_value(name, {"index": index.definition.name})

    def failures(self, index: KeptIndex) -> float:
        return self.sample("index_failed_builds_total", index) or 0.0

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]
