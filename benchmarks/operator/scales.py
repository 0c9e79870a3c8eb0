"""How much is measured."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run."""

    name: str
    indexes: int
    namespaces: int
    rest_seconds: float
    """How long it is watched at rest; every index is looked at once a minute."""
    changed: int
    """Indexes whose spec is changed while all are there."""
    added: int
    """Indexes that are made then."""
    pace: float
    """Such changes and additions a second."""


FULL: Final = Scale("full", 1_000, 21, rest_seconds=180.0, changed=100, added=50, pace=2.0)
SMALL: Final = Scale("small", 100, 3, rest_seconds=60.0, changed=20, added=10, pace=2.0)
SCALES: Final = {scale.name: scale for scale in (FULL, SMALL)}
