"""Jobs that drop what no object holds, of an index that has no pods to do it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from embedding_operator.children.metadata import (
    MANAGED_BY,
    ROLE,
    build_labels,
    build_metadata,
)
from embedding_operator.children.mounts import DATA_VOLUME
from embedding_operator.children.pods import build_template
from embedding_operator.names import GROUP, JOBS
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.objects import Meta
from embedding_operator.resources.times import write_time

HELD: Final = f"{GROUP}/held"
"""Annotation: digest of the snapshots that were held when it was made."""
SWEEPER: Final = "sweeper"
CONTAINER: Final = "sweep"
_LONGEST: Final = 600
_RETRIES: Final = 2
_GRACE: Final = 5
"""Seconds that it may take, tries after the first, seconds that it has to end: an index that wakes
waits for the volume."""
_SIZE: Final = {"cpu": "100m", "memory": "256Mi"}
_BOUND: Final = {"cpu": "1", "memory": "1Gi"}
"""Not the server's: no index and no model is loaded."""
_OF_SERVERS: Final = frozenset(
    {"ports", "startupProbe", "livenessProbe", "readinessProbe", "resources"}
)


def name_sweeps(index: Meta) -> tuple[str, str]:
    """The Job that drops snapshots, and the one that removes their files hours later."""
    return f"{index.name}-sweep", f"{index.name}-sweep-again"


def build_sweep(
    wanted: Wanted, name: str, held: Iterable[str], digest: str, now: datetime
) -> dict[str, Any]:
    """A Job by which all snapshots go that are not `held`, but the newest and those made later.

    It stays when it has ended, and so tells the next operator that it has: a Job cannot change, so
    another list is another Job.
    """
    metadata = build_metadata(wanted.meta, name, component=SWEEPER)
    return {
        "apiVersion": JOBS.api,
        "kind": JOBS.kind,
        "metadata": {**metadata, "annotations": {HELD: digest}},
        "spec": {
            "activeDeadlineSeconds": _LONGEST,
            "backoffLimit": _RETRIES,
            "template": _build_template(wanted, ("--made-by", write_time(now), *held)),
        },
    }


def _build_template(wanted: Wanted, arguments: Iterable[str]) -> dict[str, Any]:
    """A server's, but for what makes it one, and what people and the operator find servers by."""
    template = build_template(wanted)
    own = build_labels(wanted.meta, SWEEPER)
    labels = {key: value for key, value in own.items() if key != MANAGED_BY}
    (server,) = template["spec"]["containers"]
    container = {
        **{key: each for key, each in server.items() if key not in _OF_SERVERS},
        "name": CONTAINER,
        "args": ["index", "sweep", *arguments],
        "resources": {"requests": _SIZE, "limits": _BOUND},
    }
    return {
        "metadata": {**template["metadata"], "labels": {**labels, ROLE: SWEEPER}},
        "spec": {
            **template["spec"],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": _GRACE,
            "containers": [container],
            "volumes": [_spare_data(wanted, each) for each in template["spec"]["volumes"]],
        },
    }


def _spare_data(wanted: Wanted, volume: dict[str, Any]) -> dict[str, Any]:
    """SQLite's volume stays free for a pod that comes, unless snapshots lie in it."""
    if volume["name"] != DATA_VOLUME or not wanted.storage.is_apart:
        return volume
    return {"name": DATA_VOLUME, "emptyDir": {}}
