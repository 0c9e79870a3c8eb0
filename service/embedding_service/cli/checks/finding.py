"""What one check has found."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """The service works, but not as well as it could."""
    FAILED = "failed"
    """The service cannot serve like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the doctor's table."""

    subject: str
    level: Level
    message: str
    advice: str = ""
    """What to do about it; empty where nothing is to be done."""


def in_gibibytes(size: int) -> str:
    """A number of bytes as people read it."""
    return f"{size / 2**30:,.1f} GiB"
