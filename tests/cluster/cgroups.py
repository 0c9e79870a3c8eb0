"""The control groups of a node: a folder in each hierarchy, and below it kubelet's own."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.cluster.failures import ClusterFailure
from tests.cluster.waiting import wait_until

MOUNT = Path("/sys/fs/cgroup")


def hierarchies() -> Iterator[Path]:
    """One of version 2, or one for each controller of version 1."""
    if (MOUNT / "cgroup.controllers").is_file():
        yield MOUNT
        return
    for folder in sorted(MOUNT.iterdir()):
        if (folder / "cgroup.procs").is_file() and not folder.is_symlink():
            yield folder


def make(name: str) -> None:
    """Raises ClusterFailure where groups cannot be made."""
    try:
        for hierarchy in hierarchies():
            if hierarchy == MOUNT:  # version 2, whose groups hand down what they are told to
                delegated = MOUNT / "cgroup.subtree_control"
                delegated.write_text("+cpu +cpuset +io +memory +pids", encoding="utf-8")
            (hierarchy / name).mkdir(exist_ok=True)
            # In version 1 a group has neither processors nor memory until it is told.
            for setting in ("cpuset.cpus", "cpuset.mems"):
                if (file := hierarchy / name / setting).is_file() and hierarchy != MOUNT:
                    file.write_text(
                        (hierarchy / setting).read_text(encoding="utf-8"), encoding="utf-8"
                    )
    except OSError as error:
        raise ClusterFailure(
            f"no control group can be made: {error}", "is /sys/fs/cgroup mounted to write?"
        ) from error


def remove(name: str) -> None:
    """Remove it and all below; the processes must have ended."""
    for hierarchy in hierarchies():
        top = hierarchy / name
        wait_until(
            partial(is_removed, top),
            f"control group {top} is in use",
            20,
            f"see {top}/cgroup.procs",
        )


def is_removed(top: Path) -> bool:
    """Try once, the innermost first."""
    if not top.is_dir():
        return True
    for folder in sorted(
        (path for path in top.rglob("*") if path.is_dir()), key=lambda p: -len(p.parts)
    ):
        try:
            folder.rmdir()
        except OSError:
            return False
    try:
        top.rmdir()
    except OSError:
        return False
    return True
