"""One load on one peer, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from benchmarks.serving.generator.order import Calls
from benchmarks.serving.loads import Bodies
from embedding_service.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Drive:
    """See generator/order.py."""

    bodies: Bodies
    seconds: float
    connections: int = 1
    rate: float = 0.0
    kept: int = 0
    """The answers to so many texts, or a few more, are compared with the truth."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a drive."""

    calls: Calls
    bodies: Bodies
    """By which `calls` are numbered."""
    answers: Mapping[int, Matrix]
    """Rows of some bodies, by the number of the body."""


class Peer(Protocol):
    """Something that embeds."""

    name: str

    @property
    def pid(self) -> int:
        """Of its first process."""

    def drive(self, drive: Drive) -> Run:
        """Make a load on it and wait for its end."""
