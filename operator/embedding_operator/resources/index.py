"""EmbeddingIndex: what a person wants."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from embedding_operator.resources.data import Bootstrap, Database, Snapshots, Storage
from embedding_operator.resources.engine import Engine
from embedding_operator.resources.exposure import Auth, Ingress
from embedding_operator.resources.scaling import Autoscaling
from embedding_operator.resources.serving import Encoder, PodTemplate, Resources
from embedding_operator.resources.shape import ServiceName, Shape, unchanged, validated


class Metric(StrEnum):
    """How near two vectors are."""

    COSINE = "Cosine"
    DOT = "Dot"
    L2 = "L2"


class FieldType(StrEnum):
    """Type of a metadata field."""

    KEYWORD = "Keyword"
    KEYWORDS = "Keywords"
    INT = "Int"
    FLOAT = "Float"
    BOOL = "Bool"
    DATETIME = "DateTime"


class DeletionPolicy(StrEnum):
    """What becomes of the data of a deleted index."""

    RETAIN = "Retain"
    DELETE = "Delete"
    SNAPSHOT_THEN_DELETE = "SnapshotThenDelete"


class Reload(Shape):
    """Which snapshot pods begin their FAISS indexes from.

    Which documents answer never depends on it: pods follow the database from there.
    """

    snapshot: Annotated[
        str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    ] = "latest"
    """Id of a snapshot, or `latest` (default)."""


_ANEW = "make a new index and bootstrap it, or re-embed into it"


class IndexSpec(Shape):
    """What a person wants of an index. `{}` is enough."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            unchanged("model", f"model cannot change: vectors would not compare; {_ANEW}"),
            unchanged("dimension", f"dimension cannot change: vectors would not fit; {_ANEW}"),
            unchanged("metric", f"metric cannot change; {_ANEW}"),
            unchanged("fields", f"fields cannot change; {_ANEW}"),
            unchanged("bootstrap", "bootstrap cannot change: it is used once, for a new index"),
            (
                "has(self.database) == has(oldSelf.database) && "
                "(!has(self.database) || self.database.type == oldSelf.database.type)",
                "database.type cannot change: make a new index and bootstrap it from a snapshot",
            ),
            (
                "!has(self.database) || self.database.type != 'SQLite' || "
                "(has(self.autoscaling) ? self.autoscaling.max <= 1 : self.replicas <= 1)",
                "SQLite serves one pod: set replicas (or autoscaling.max) to 1, or use "
                "database.type PostgreSQL in a new index",
            ),
        )
    )

    model: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Model that embeds its texts: the name by which the embedding tier serves it, or, with encoder
    InPod, a reference (hub id, `name=reference`, `package:NAME`); the operator's by default. Cannot
    change."""
    dimension: Annotated[int, Field(ge=1, le=65_536)] | None = None
    """Numbers of a vector; the model's own by default. Cannot change."""
    metric: Metric = Metric.COSINE
    """How near two vectors are: `Cosine` (default), `Dot` or `L2`. Cannot change."""
    engine: Engine | None = None
    """What vectors are searched by."""
    fields: (
        Annotated[
            dict[str, FieldType],
            Field(
                max_length=64,
                json_schema_extra=validated(
                    (
                        "self.all(k, k.matches('^[A-Za-z_][A-Za-z0-9_.-]{0,63}$') && "
                        "!(k in ['and', 'or', 'not']))",
                        "fields: a name begins with a letter or _ and has up to 64 of letters, "
                        "digits and _ . -; and, or, not belong to filters",
                    )
                ),
            ),
        ]
        | None
    ) = None
    """Metadata that filters may name, each with its type: `Keyword`, `Keywords` (a list), `Int`,
    `Float`, `Bool` or `DateTime`. Cannot change."""
    replicas: Annotated[int, Field(ge=0, le=100)] = 1
    """Pods, all equal; 1 by default, 0 keeps the data and serves nobody. More than 1 needs
    PostgreSQL, and storage that all can reach. Not read where there is `autoscaling`."""
    resources: Resources | None = None
    """What each pod asks of its node; 250m CPU and 512Mi memory by default, without limits."""
    encoder: Encoder | None = None
    """Who turns texts into vectors; the embedding tier of this installation by default."""
    database: Database | None = None
    """Where documents are recorded; the operator's default, which is SQLite unless its installer
    chose otherwise, by default."""
    storage: Storage | None = None
    """Where snapshots lie; the operator's default by default."""
    snapshots: Snapshots | None = None
    """When snapshots are made, and how long they stay."""
    bootstrap: Bootstrap | None = None
    """What the index begins with; nothing by default. Cannot change."""
    reload: Reload | None = None
    """Which snapshot pods begin from."""
    autoscaling: Autoscaling | None = None
    """Let the operator decide how many pods there are. Leave out for `replicas`, or for a
    HorizontalPodAutoscaler on this object."""
    ingress: Ingress | None = None
    """The way from outside; none by default."""
    auth: Auth | None = None
    """Who may ask. With `ingress`, and no keys here or in the operator's defaults, it has to say
    `mode: None`."""
    aliases: (
        Annotated[
            list[ServiceName],
            Field(max_length=8, json_schema_extra={"x-kubernetes-list-type": "set"}),
        ]
        | None
    ) = None
    """Further names under which it answers. Of several indexes of a namespace with one alias the
    newest that is ready has it: to switch, apply the new index with it; to go back, take it off."""
    pod_template: PodTemplate | None = None
    """What pods have besides."""
    deletion_policy: DeletionPolicy = DeletionPolicy.RETAIN
    """What becomes of the data when this object is deleted: `Retain` (default) keeps volume, rows
    and snapshots; `Delete` removes them; `SnapshotThenDelete` makes a last snapshot and removes all
    but the snapshots."""
    paused: bool = False
    """Change nothing of it, and tell its state only: no snapshots either. What pods know the
    operator by is kept fresh. false by default."""


INDEX_RULES = validated(
    (
        "self.metadata.name.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')",
        "metadata.name: 1 to 40 of a-z, 0-9 and -, beginning with a letter",
    ),
    (
        "!has(self.spec.aliases) || !(self.metadata.name in self.spec.aliases)",
        "aliases: an index answers under its own name anyway",
    ),
)
"""On the object itself, where its name can be seen."""
