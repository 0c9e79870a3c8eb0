"""Where the cluster of one checkout lives: its name, and its folders."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

KUBERNETES = {"1.34": "1.34.4", "1.33": "1.33.13"}
"""The minors that can be asked for, the default one first, and what is built for each."""


@dataclass(frozen=True, slots=True)
class Site:
    """One checkout has one cluster. Outside its two folders, only control groups and processes
    carry its name."""

    name: str
    """Differs between checkouts."""
    cache: Path
    """What is slow to make and outlives clusters; shared by all checkouts."""
    kubernetes: str
    """The version that is built, such as 1.34.4."""

    @property
    def state(self) -> Path:
        """What goes away with the cluster."""
        return self.cache / "sites" / self.name

    @property
    def logs(self) -> Path:
        return self.state / "logs"


def this_site() -> Site:
    """The site of this checkout, from the environment: KUBERNETES_VERSION, XDG_CACHE_HOME."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    minor = os.environ.get("KUBERNETES_VERSION") or next(iter(KUBERNETES))
    digest = hashlib.sha256(str(ROOT).encode()).hexdigest()
    return Site(
        name=f"gpe-{digest[:8]}",
        cache=home / "gpu-embedding" / "cluster",
        kubernetes=KUBERNETES.get(minor, minor),
    )
