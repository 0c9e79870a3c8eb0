"""What an installation gives to indexes that do not say it themselves: one YAML file.

It is checked at the start. What an index takes over is read once for it (resolution/resolve.py);
images, what is allowed, bounds and peers hold as they are now.
"""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import yaml
from pydantic import ConfigDict, Field, ValidationError

from embedding_operator.errors import BadConfiguration
from embedding_operator.resources.data import S3, DatabaseType, StorageType
from embedding_operator.resources.shape import (
    Address,
    ObjectName,
    SecretKey,
    Shape,
    Size,
)

LabelKey: TypeAlias = Annotated[
    str, Field(max_length=317, pattern=r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")
]
"""Key of a label, for example `app.kubernetes.io/name`."""

AnnotationPattern: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=317, pattern=r"^[^*\s]*\*?$")
]
"""Name of an annotation, or what it begins with and `*`."""


class _Strict(Shape):
    model_config = ConfigDict(extra="forbid")


class EncoderDefaults(_Strict):
    """The embedding tier."""

    url: Address
    """Its address in the cluster."""
    secret: ObjectName | None = None
    """Secret with key `key`, looked up in each index's namespace; none asks without a key."""


class DatabaseDefaults(_Strict):
    """Where documents are recorded."""

    type: DatabaseType = DatabaseType.SQLITE
    secret: ObjectName | None = None
    """Secret with the address of a PostgreSQL, looked up in each index's namespace."""
    key: SecretKey = "uri"
    size: Size = "10Gi"
    """Of a volume, where an index does not say its own."""
    storage_class_name: ObjectName | None = None


class StorageDefaults(_Strict):
    """Where snapshots lie."""

    type: StorageType = StorageType.VOLUME
    s3: S3 | None = None


class Images(_Strict):
    """What pods run."""

    index: Annotated[str, Field(min_length=1)]
    """Without torch; for indexes with encoder Remote."""
    server: Annotated[str, Field(min_length=1)]
    """With torch; for indexes with encoder InPod."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    pull_secrets: tuple[ObjectName, ...] = ()
    """Looked up in each index's namespace."""


class Allowed(_Strict):
    """What indexes may name that is not theirs."""

    encoder_hosts: tuple[str, ...] = ()
    """Hosts of `encoder.url`, besides the one of the defaults."""
    s3_endpoints: tuple[str, ...] = ()
    """Values of `storage.s3.endpoint` and `bootstrap.endpoint`, besides the one of the defaults;
    Amazon's own is allowed."""
    priority_classes: tuple[str, ...] = ()
    ingress_annotations: tuple[AnnotationPattern, ...] = ()
    """Names of `ingress.annotations`, or what they begin with and `*`. What an Ingress controller
    or external-dns does with one may reach beyond the index, and beyond its namespace."""


class Bounds(_Strict):
    """How much is done at once."""

    rollouts: Annotated[int, Field(ge=1)] = 5
    """Indexes whose pods are replaced by those of another release at a time."""
    reloads: Annotated[int, Field(ge=1)] = 1
    """Pods of one index that load a snapshot at a time."""


class Defaults(_Strict):
    """The file."""

    model: Annotated[str, Field(min_length=1)]
    """The model that the embedding tier serves by default."""
    encoder: EncoderDefaults
    database: DatabaseDefaults = DatabaseDefaults()
    storage: StorageDefaults = StorageDefaults()
    auth_secret: ObjectName | None = None
    """Secret with key `keys.toml`, looked up in each index's namespace."""
    images: Images
    allowed: Allowed = Allowed()
    bounds: Bounds = Bounds()
    peers: dict[LabelKey, str] = Field(default_factory=dict)
    """Labels of the operator's own pods, which may reach the pods' port 8002."""


def load_defaults(path: Path) -> Defaults:
    """Read the file. Raises BadConfiguration with a line for every fault."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Defaults.model_validate(content)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadConfiguration(f"DEFAULTS_FILE: {path} cannot be read: {error}") from None
    except ValidationError as error:
        lines = [
            f"DEFAULTS_FILE: {path}: {'.'.join(map(str, fault['loc'])) or 'the file'}: "
            f"{fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        raise BadConfiguration("\n".join(lines)) from None
