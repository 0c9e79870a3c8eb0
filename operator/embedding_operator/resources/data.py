"""Where an index keeps its documents and snapshots, and what it begins with."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from embedding_operator.resources.shape import (
    Address,
    Duration,
    Label,
    ObjectName,
    SecretKey,
    SecretReference,
    Shape,
    Size,
    growing,
    unchanged,
    validated,
)


class DatabaseType(StrEnum):
    """Where documents are recorded."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


_NO_SHRINKING = "size may only grow, and stays: a volume does not shrink"


class VolumeClaim(Shape):
    """A volume that is asked for."""

    size: Size | None = None
    """Bytes, for example `20Gi`; the operator's default, which is 10Gi unless its installer chose
    otherwise, by default. May grow where the class allows it, never shrink."""
    storage_class_name: ObjectName | None = None
    """Class of the volume; the operator's default, or else the cluster's, by default. Cannot
    change."""


class SharedVolumeClaim(VolumeClaim):
    """A volume that is asked for, for one pod or for several."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            unchanged(
                "storageClassName",
                "storageClassName cannot change: a volume keeps its class; set storage.type S3, or "
                "make a new index",
            ),
            unchanged(
                "accessMode",
                "accessMode cannot change: a volume keeps its mode; set storage.type S3, or make a "
                "new index",
            ),
            growing("size", _NO_SHRINKING),
        )
    )

    access_mode: Annotated[
        str, Field(json_schema_extra={"enum": ["ReadWriteOnce", "ReadWriteMany"]})
    ] = "ReadWriteOnce"
    """`ReadWriteMany` where several pods of the index use it; ReadWriteOnce by default.
    Cannot change."""


class DatabaseSecret(SecretReference):
    """The Secret with the address of a database."""

    key: SecretKey = "uri"
    """Key whose value is the address, `postgresql://user:password@host/database`; `uri` by
    default, as CloudNativePG writes it."""


class PostgreSQL(Shape):
    """A PostgreSQL server, which pods of any number share."""

    secret: DatabaseSecret
    """The Secret with its address, in this namespace. Read again when it changes."""


class Database(Shape):
    """Where documents are recorded: their ids, texts, metadata and vectors."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            (
                "self.type == 'PostgreSQL' || !has(self.postgresql)",
                "postgresql belongs to type PostgreSQL",
            ),
            ("self.type == 'SQLite' || !has(self.sqlite)", "sqlite belongs to type SQLite"),
            unchanged(
                "sqlite.storageClassName",
                "sqlite.storageClassName cannot change: a volume keeps its class; make a new index "
                "and bootstrap it from a snapshot",
            ),
            growing("sqlite.size", f"sqlite.{_NO_SHRINKING}"),
        )
    )

    type: DatabaseType
    """`SQLite`, a file on a volume of its own, for one pod; or `PostgreSQL`, for any number of
    pods. Cannot change: make a new index and bootstrap it from a snapshot."""
    sqlite: VolumeClaim | None = None
    """The volume of SQLite's file; snapshots lie on it too where `storage` says nothing else."""
    postgresql: PostgreSQL | None = None
    """The server; the one of the operator's defaults by default."""


class S3(Shape):
    """A bucket."""

    bucket: Annotated[str, Field(min_length=3, max_length=63, pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    """Name of the bucket."""
    prefix: Annotated[str, Field(max_length=512, pattern=r"^[^/]+(/[^/]+)*$")] | None = None
    """What all keys begin with, without slashes at its ends or
    side by side. Below it everything of this index
    lies under `<namespace>/<uid>`."""
    endpoint: Address | None = None
    """Address of a server that speaks S3; Amazon's own by default. Must be allowed by the
    operator's defaults."""
    region: Annotated[str, Field(max_length=64)] | None = None
    """Region of the bucket; us-east-1 by default."""
    secret: SecretReference | None = None
    """Secret with `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, where there is one,
    `AWS_SESSION_TOKEN`, in this namespace. Read again when it changes. None by default: the pods'
    own identity."""


class StorageType(StrEnum):
    """Where snapshots lie."""

    VOLUME = "Volume"
    S3 = "S3"


class Storage(Shape):
    """Where snapshots lie."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            ("self.type == 'S3' || !has(self.s3)", "s3 belongs to type S3"),
            ("self.type == 'Volume' || !has(self.volume)", "volume belongs to type Volume"),
        )
    )

    type: StorageType
    """`Volume`, or `S3`: what speaks S3's protocol."""
    volume: SharedVolumeClaim | None = None
    """A volume for snapshots alone; without it they lie beside SQLite's file."""
    s3: S3 | None = None
    """The bucket; the one of the operator's defaults by default."""


class Retention(Shape):
    """Which snapshots stay. A snapshot stays while one of both says so."""

    count: Annotated[int, Field(ge=1, le=10_000)] = 7
    """Newest snapshots that stay, however old; 7 by default. The newest always stays."""
    age: Duration | None = None
    """Snapshots younger than this stay, however many, for example `30d`. 1d by default."""


class Snapshots(Shape):
    """When snapshots are made, and how long they stay."""

    schedule: Annotated[str, Field(min_length=9, max_length=128)] | None = None
    """Cron expression of five fields, for example `0 3 * * *`. None by default: only those that
    are asked for. Nothing is made while there are to be no pods."""
    time_zone: Annotated[str, Field(max_length=64)] = "Etc/UTC"
    """Time zone of the schedule by its IANA name; Etc/UTC by default."""
    suspend: bool = False
    """Make none by the schedule; those asked for are made. false by default."""
    retention: Retention | None = None
    """Which of the scheduled ones stay. Those that people made stay until they delete them."""


class Bootstrap(Shape):
    """What a new index begins with. Cannot change, and is used once."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            (
                "(has(self.snapshot) ? 1 : 0) + (has(self.uri) ? 1 : 0) + "
                "(has(self.retained) ? 1 : 0) == 1",
                "name one of snapshot, uri and retained",
            ),
            ("has(self.uri) == has(self.secret)", "uri needs secret, and secret belongs to uri"),
            ("has(self.uri) || !has(self.endpoint)", "endpoint belongs to uri"),
            ("has(self.uri) || !has(self.region)", "region belongs to uri"),
        )
    )

    snapshot: ObjectName | None = None
    """Name of an EmbeddingIndexSnapshot of this namespace. It is waited for until it is complete.
    Its storage must be one that this index uses too."""
    uri: (
        Annotated[str, Field(max_length=1024, pattern=r"^s3://[a-z0-9][a-z0-9.-]{2,62}/.+$")] | None
    ) = None
    """Address of a snapshot, as its EmbeddingIndexSnapshot told it: `s3://bucket/…`."""
    endpoint: Address | None = None
    """Address of the server that speaks S3 where `uri` lies, as `status.endpoint` of its
    EmbeddingIndexSnapshot told it; by default that of this index's own storage, or else Amazon's.
    Must be allowed by the operator's defaults."""
    region: Annotated[str, Field(max_length=64)] | None = None
    """Region of that bucket; that of this index's own storage, or else us-east-1, by default."""
    secret: SecretReference | None = None
    """Secret with the keys for `uri`, as `storage.s3.secret`."""
    retained: Label | None = None
    """Value of the label `gpu-embedding.io/data-uid` of the volume `NAME-data` that an index of
    this name left here: this index takes it over as it is. SQLite alone."""
