"""What graphs are to be, or were built to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.tuning import Tuning


@dataclass(frozen=True, slots=True)
class Blueprint:
    """An engine and its tuning.

    A graph may be of another engine than its blueprint says: where HNSW finds too little, an
    inverted file takes its place.
    """

    engine: Engine
    tuning: Tuning

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """From JSON. Raises KeyError, TypeError, ValueError."""
        return cls(Engine(written["engine"]), Tuning.of(written["tuning"]))

    def as_json(self) -> dict[str, Any]:
        """To be read by `of`."""
        return {"engine": self.engine.value, "tuning": self.tuning.as_json()}
