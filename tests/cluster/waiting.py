"""Waiting for a thing to be so, for a bounded time."""

import time
from collections.abc import Callable

from tests.cluster.failures import ClusterFailure

INTERVAL = 0.1
"""Seconds between two looks."""


def wait_until(is_so: Callable[[], object], what: str, seconds: float, remedy: str) -> None:
    """Return once `is_so` says something true.

    Raises:
        ClusterFailure: it did not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise ClusterFailure(f"after {seconds:.0f} s, {what}", remedy)
        time.sleep(INTERVAL)
