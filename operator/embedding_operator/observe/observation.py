"""Everything that one pass over an index decides on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from embedding_operator.names import Kind
from embedding_operator.observe.pods import Pod
from embedding_operator.reports import Job, Report
from embedding_operator.resources.objects import EmbeddingIndex, EmbeddingIndexSnapshot, Manifest

ChildKey = tuple[Kind, str]
"""Kind and name, within the index's namespace."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What other indexes have that this one asks for too."""

    paths: Mapping[str, str] = field(default_factory=dict)
    """Path on its host to the index, `namespace/name`, that has it."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Alias to why it cannot be had."""
    aliases: tuple[str, ...] = ()
    """Aliases that lead to this index, or are to lead to it from now on."""
    data: frozenset[str] = frozenset()
    """uids of other indexes of the namespace, and those under which their data lies."""
    wanted_elsewhere: frozenset[ChildKey] = frozenset()
    """Children for aliases that other indexes of the namespace want, if this one does not."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One index, what it has, and the time."""

    index: EmbeddingIndex
    now: datetime
    children: Mapping[ChildKey, Manifest] = field(default_factory=dict)
    """Objects that there are under the names of its children, ours or not."""
    pods: tuple[Pod, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)
    """By uid of the pod: the last one of each, where it is not too old to count."""
    snapshots: tuple[EmbeddingIndexSnapshot, ...] = ()
    """Of its data, oldest first."""
    jobs: Mapping[str, Job] = field(default_factory=dict)
    """By uid of the snapshot that is being made: what pods say of the work."""
    source: EmbeddingIndexSnapshot | None = None
    """The snapshot that `bootstrap` names, if it is there."""
    bootstrap: Job | None = None
    """What pods say of the work of filling it."""
    purge: Job | None = None
    """What pods say of removing its rows; asked only where the index is being deleted."""
    reloads: Mapping[str, Job] = field(default_factory=dict)
    """By key: what pods say of loading another snapshot."""
    autoscalers: tuple[str, ...] = ()
    """HorizontalPodAutoscalers on this index, looked for only where it scales by itself."""
    is_namespace_ending: bool = False
    """Whether no pod will ever come again; looked for only where the index is being deleted, or a
    Job is about to be made."""
    strays: tuple[EmbeddingIndexSnapshot, ...] = ()
    """Those of an earlier index of its name that are still to be made."""
    claims: Claims = field(default_factory=Claims)
    cores: Mapping[str, float] = field(default_factory=dict)
    """By uid of the pod: cores in use, as the mean of some seconds; of those that have reported
    often enough."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """By uid of the pod: why those that were asked just now told nothing."""
    silent_since: datetime | None = None
    """Since when no pod that is ready has answered; None where one did, or none is ready."""
