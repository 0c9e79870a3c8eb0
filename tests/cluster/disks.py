"""Room on a disk, asked for before it is needed."""

import shutil
from pathlib import Path

from tests.cluster.failures import ClusterFailure


def require_room(folder: Path, gigabytes: int, what: str) -> None:
    """Make the folder, and raise ClusterFailure where less than that is free."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free / 1e9
    if free < gigabytes:
        raise ClusterFailure(
            f"{folder} has {free:.1f} GB free, and {what} takes up to {gigabytes}",
            "free some, or set XDG_CACHE_HOME to a larger disk",
        )
