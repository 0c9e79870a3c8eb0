"""EmbeddingIndex: what is.

Computed from observation on every pass, and never read as a wish, but for what has to outlive the
operator: `resolved`, `dataUid`, `autoscaling`, `bootstrap`, `reload`.
"""

from typing import Annotated, Final

from pydantic import Field

from embedding_operator.resources.shape import Shape, keyed_by

LONGEST_MESSAGE: Final = 2048
"""Characters."""


class Condition(Shape):
    """One aspect (Kubernetes, metav1.Condition)."""

    type: Annotated[str, Field(max_length=64)]
    """Aspect."""
    status: Annotated[str, Field(json_schema_extra={"enum": ["True", "False", "Unknown"]})]
    """Whether it is so."""
    reason: Annotated[str, Field(min_length=1, max_length=128)]
    """Why, in one word (docs/operator.md lists them)."""
    message: Annotated[str, Field(max_length=LONGEST_MESSAGE)]
    """Why, in a sentence, and what to do."""
    observed_generation: int
    """metadata.generation that was looked at."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When `status` changed last."""


class ReplicaStatus(Shape):
    """One pod."""

    pod: str
    """Its name."""
    node: str | None = None
    """Node it runs on."""
    ready: bool = False
    """Whether it gets requests."""
    version: int | None = None
    """Version of the index that it answers from."""
    lag: int | None = None
    """Versions that it has still to apply."""
    message: str | None = None
    """What is wrong with it."""


class SnapshotFacts(Shape):
    """The newest complete snapshot, and what is due."""

    last: str | None = None
    """Its EmbeddingIndexSnapshot."""
    last_id: str | None = None
    """Its id in the storage."""
    last_time: str | None = None
    """When it was complete, RFC 3339."""
    next_time: str | None = None
    """When the next one is due, RFC 3339."""
    last_slot: str | None = None
    """Slot of the schedule that was made last, RFC 3339."""
    failures: int | None = None
    """Scheduled snapshots that have failed since."""


class AutoscalingStatus(Shape):
    """What the autoscaler has decided. It goes on from here after a restart."""

    desired: int | None = None
    """Pods that there are to be."""
    reason: str | None = None
    """Why."""
    last_scale_time: str | None = None
    """When `desired` changed last, RFC 3339."""


class ReloadStatus(Shape):
    """Which snapshot pods have begun from. A reload goes on from here after a restart."""

    wanted: str | None = None
    """Id of the one that `reload.snapshot` names."""
    since: int | None = None
    """metadata.generation from which on it has named that one."""
    snapshot: str | None = None
    """Id of the one that all of them had, when `reload.snapshot` was followed last."""
    refused: str | None = None
    """Id of the one that they refused."""


class Failure(Shape):
    """The last thing that went wrong. It stays when it is over."""

    reason: str
    """In one word."""
    message: str
    """In a sentence."""
    time: str
    """When, RFC 3339."""


class ResolvedEncoder(Shape):
    """Who embeds."""

    url: str | None = None
    """Address of the tier."""
    secret: str | None = None
    """Secret with its key."""


class ResolvedS3(Shape):
    """A bucket."""

    bucket: str
    """Its name."""
    prefix: str | None = None
    """What all keys begin with."""
    endpoint: str | None = None
    """Address of its server; none is Amazon's own."""
    region: str | None = None
    """Its region."""
    secret: str | None = None
    """Secret with its keys; none is the pods' own identity."""


class Resolved(Shape):
    """The operator's defaults as they were when this index was first accepted.

    They are never read again for it.
    """

    model: str | None = None
    """Model."""
    encoder: ResolvedEncoder | None = None
    """Embedding tier."""
    database: str | None = None
    """Type of the database."""
    database_secret: str | None = None
    """Secret with its address."""
    database_key: str | None = None
    """Key of that Secret."""
    storage: str | None = None
    """Type of the storage."""
    s3: ResolvedS3 | None = None
    """Its bucket."""
    volume_size: str | None = None
    """Size of a volume."""
    volume_class: str | None = None
    """Class of a volume."""
    auth_secret: str | None = None
    """Secret with API keys."""


class Bootstrapped(Shape):
    """How the index began."""

    snapshot: str | None = None
    """Id of the snapshot it began with."""
    job: str | None = None
    """Id of the work."""
    done: bool = False
    """Whether it is complete."""


class IndexStatus(Shape):
    """What is. Nobody but the operator writes it."""

    observed_generation: int | None = None
    """metadata.generation that was looked at last."""
    operator: str | None = None
    """The installation that has claimed this index, `<namespace>/<release>`. To hand it over, take
    this field away."""
    phase: Annotated[str, Field(max_length=32)] | None = None
    """For people only: Pending, Bootstrapping, Running, Reloading, Degraded, Paused, Failed or
    Deleting."""
    message: Annotated[str, Field(max_length=LONGEST_MESSAGE)] | None = None
    """The most important thing to know now."""
    conditions: (
        Annotated[list[Condition], Field(max_length=16, json_schema_extra=keyed_by("type"))] | None
    ) = None
    """Ready, Available, Progressing, Degraded, SpecAccepted and SnapshotHealthy."""
    replicas: int | None = None
    """Pods there are."""
    ready_replicas: int | None = None
    """Pods that get requests."""
    updated_replicas: int | None = None
    """Pods that are as the spec says now."""
    selector: str | None = None
    """Finds the pods; for HorizontalPodAutoscalers."""
    replica_statuses: (
        Annotated[list[ReplicaStatus], Field(max_length=50, json_schema_extra=keyed_by("pod"))]
        | None
    ) = None
    """The pods one by one, 50 at most."""
    documents: int | None = None
    """Documents, as of a minute ago at most."""
    version: int | None = None
    """Version of the last write, as of a minute ago at most."""
    fingerprint: str | None = None
    """Of the model whose vectors it holds."""
    snapshots: SnapshotFacts | None = None
    """Its snapshots."""
    endpoint: str | None = None
    """Where it answers in the cluster."""
    aliases: Annotated[list[str], Field(max_length=8)] | None = None
    """Aliases that lead to it now."""
    autoscaling: AutoscalingStatus | None = None
    """What the autoscaler has decided."""
    data_uid: str | None = None
    """uid under which its documents and snapshots lie: its own, or that of the index whose volume
    it has taken over."""
    bootstrap: Bootstrapped | None = None
    """How it began."""
    reload: ReloadStatus | None = None
    """Which snapshot its pods have begun from."""
    last_failure: Failure | None = None
    """The last thing that went wrong."""
    resolved: Resolved | None = None
    """What it was given by the operator's defaults."""
