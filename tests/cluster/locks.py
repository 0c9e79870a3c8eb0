"""One at a time, between processes and checkouts. A lock ends with its process, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.sites import Site


@contextmanager
def locked(site: Site, name: str) -> Iterator[None]:
    """Whoever comes second waits."""
    folder = site.cache / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
