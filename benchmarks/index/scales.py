"""How much is measured."""

from dataclasses import dataclass
from typing import Final

DIMENSION: Final = 384
K: Final = 10
"""Neighbours asked for, everywhere."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run."""

    name: str
    rows: int
    """Of an index that is called of 100,000 rows in the targets."""
    most_rows: int
    """Of the one called of 1,000,000."""
    growth: tuple[int, ...]
    """Rows at which a growing index is measured; `most_rows` is measured anyway."""
    added_rows: int
    """In the measurement of durable adds."""
    queries: int
    """Of one measurement, one by one."""
    seconds: float
    """Of a measurement that goes by time."""
    writes: int
    """One by one, until another process sees each."""


FULL: Final = Scale(
    name="full",
    rows=100_000,
    most_rows=1_000_000,
    growth=(10_000, 30_000, 100_000, 300_000),
    added_rows=40_960,
    queries=500,
    seconds=20.0,
    writes=300,
)
SMALL: Final = Scale(
    name="small",
    rows=20_000,
    most_rows=100_000,
    growth=(5_000, 20_000),
    added_rows=5_120,
    queries=100,
    seconds=3.0,
    writes=50,
)
SCALES: Final = {scale.name: scale for scale in (FULL, SMALL)}
