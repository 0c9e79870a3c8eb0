"""How a run of benchmarks ends before its time."""

import signal
import sys
from types import FrameType


def end_on_signals() -> None:
    """Leave every block on the way out: programs are ended and folders removed there."""
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
