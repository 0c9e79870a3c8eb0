"""How much is measured."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run."""

    name: str
    rounds: int
    """Of the comparison."""
    most_turns: int
    """Of one of its loads, those that are repeated because the machine was slow included."""
    most_seconds: float
    """After which nothing is repeated any more."""
    warm_seconds: float
    seconds: float
    """Of one load on one server."""
    beside_seconds: float
    """Of few interactive texts, alone and beside a bulk load."""
    saturated_seconds: float
    """In which the probe of liveness is asked."""
    connections: tuple[int, ...]
    """At which a growing load is measured."""
    lengths: tuple[int, ...]
    """In tokens."""
    batches: tuple[int, ...]
    models: tuple[int, ...]
    offered_seconds: float
    """Of each rate that is offered whatever the server can do."""
    soak_minutes: int
    minute: float
    """Seconds of one of those minutes; less than 60 in a trial."""
    starts: int
    """Of each server."""


FULL: Final = Scale(
    name="full",
    rounds=3,
    most_turns=5,
    most_seconds=1_020.0,
    warm_seconds=1.0,
    seconds=6.0,
    beside_seconds=18.0,
    saturated_seconds=10.0,
    connections=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    lengths=(4, 8, 16, 32, 64, 128, 256, 512),
    batches=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048),
    models=(1, 2, 3, 4),
    offered_seconds=60.0,
    soak_minutes=10,
    minute=60.0,
    starts=5,
)
SMALL: Final = Scale(
    name="small",
    rounds=1,
    most_turns=1,
    most_seconds=60.0,
    warm_seconds=0.0,
    seconds=0.5,
    beside_seconds=2.0,
    saturated_seconds=1.0,
    connections=(1, 32),
    lengths=(4, 64),
    batches=(1, 64),
    models=(1, 2),
    offered_seconds=3.0,
    soak_minutes=3,
    minute=1.0,
    starts=1,
)
SCALES: Final = {scale.name: scale for scale in (FULL, SMALL)}
