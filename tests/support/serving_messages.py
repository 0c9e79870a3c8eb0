"""What is told over the pipe to serving_process.py and back.

To a Start a new process answers with its id, and to a Call with what came of it. When a process has
ended, however that was, there is one more answer: its Ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mortality import Point


@dataclass(frozen=True, slots=True)
class Start:
    """Serve."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Close everything and end."""


@dataclass(frozen=True, slots=True)
class Call:
    """Of a method; where it starts a job, of the job too."""

    path: str
    """From an OpenIndexes to the method."""
    arguments: Sequence[Any]
    named: Mapping[str, Any]
    point: Point | None
    """Where to die meanwhile."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What came of a call that failed."""

    told: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A process, with this status."""

    status: int
