"""One index as it is to be, with nothing left open. What children are built of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from embedding_operator.defaults import Defaults, Images
from embedding_operator.resolution.reloading import find_start
from embedding_operator.resolution.resolve import narrow_s3
from embedding_operator.resources.data import DatabaseType, StorageType, VolumeClaim
from embedding_operator.resources.exposure import AuthMode, Ingress
from embedding_operator.resources.index import IndexSpec
from embedding_operator.resources.objects import EmbeddingIndex, Meta
from embedding_operator.resources.serving import EncoderMode, Gpu, PodTemplate, Resources
from embedding_operator.resources.status import Resolved, ResolvedEncoder, ResolvedS3

DEFAULT_SIZE: Final = "10Gi"


@dataclass(frozen=True, slots=True)
class SecretKeyRef:
    """One key of a Secret."""

    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class WantedEncoder:
    """Who embeds."""

    url: str | None
    """None loads the model into the pod."""
    secret: str | None = None
    gpu: Gpu | None = None


@dataclass(frozen=True, slots=True)
class WantedVolume:
    """A claim."""

    size: str
    storage_class: str | None
    access_mode: str = "ReadWriteOnce"


@dataclass(frozen=True, slots=True)
class WantedStorage:
    """Where snapshots lie."""

    s3: ResolvedS3 | None = None
    volume: WantedVolume | None = None
    """None of both: beside SQLite's file, or, with PostgreSQL, in the pod's own folder, whose
    snapshots end with the pod."""

    @property
    def url(self) -> str | None:
        """Address of the store, where it is not a folder of the pods' own."""
        if self.s3 is not None:
            return "/".join(filter(None, (f"s3://{self.s3.bucket}", self.s3.prefix)))
        return None

    @property
    def endpoint(self) -> str | None:
        """Of the server that speaks S3; None is Amazon's own, or none at all."""
        return self.s3.endpoint if self.s3 is not None else None

    @property
    def is_apart(self) -> bool:
        """Whether they lie apart from the folder of pods' data."""
        return self.s3 is not None or self.volume is not None

    @property
    def is_shared(self) -> bool:
        """Whether pods on several nodes can reach it."""
        is_many = self.volume is not None and self.volume.access_mode == "ReadWriteMany"
        return self.s3 is not None or is_many


@dataclass(frozen=True, slots=True)
class Wanted:
    """One index, as it is to be."""

    meta: Meta
    data_uid: str
    """Under which its data lies."""
    spec: IndexSpec
    images: Images
    peers: Mapping[str, str]
    model: str
    encoder: WantedEncoder
    database: DatabaseType
    address: SecretKeyRef | None
    """Of the PostgreSQL."""
    data: WantedVolume | None
    """SQLite's volume; None where there is none."""
    storage: WantedStorage
    keys: str | None
    """Secret with API keys; None lets everybody in."""
    replicas: int
    operator_keys: str
    """JSON Web Key Set with which pods check who asks them on port 8002."""
    aliases: tuple[str, ...] = ()
    """Those that lead to it now."""
    template: PodTemplate = field(default_factory=PodTemplate)
    resources: Resources = field(default_factory=Resources)
    snapshot: str | None = None
    """Id of the one that pods begin from; None is the latest."""

    @property
    def is_on_one_node(self) -> bool:
        """Whether its pods share a volume that one node has at a time."""
        own = self.storage.volume
        return self.data is not None or (own is not None and not self.storage.is_shared)

    @property
    def key(self) -> str:
        """What database, storage and tokens call it."""
        return f"{self.meta.namespace}/{self.data_uid}"

    @property
    def ingress(self) -> Ingress | None:
        """The way from outside."""
        return self.spec.ingress


def want(
    index: EmbeddingIndex,
    resolved: Resolved,
    defaults: Defaults,
    *,
    replicas: int,
    operator_keys: str,
    aliases: tuple[str, ...] = (),
) -> Wanted:
    """Spec over what was resolved for it, and the installation's images."""
    spec = index.spec
    database = spec.database.type if spec.database else DatabaseType(resolved.database or "SQLite")
    is_file = database is DatabaseType.SQLITE
    claim = spec.database.sqlite if spec.database else None
    return Wanted(
        meta=index.meta,
        data_uid=index.data_uid,
        spec=spec,
        images=defaults.images,
        peers=defaults.peers,
        model=spec.model or resolved.model or defaults.model,
        encoder=_want_encoder(spec, resolved),
        database=database,
        address=None if is_file else _want_address(spec, resolved),
        data=_want_volume(claim, resolved) if is_file else None,
        storage=_want_storage(spec, resolved),
        keys=_want_keys(spec, resolved),
        replicas=replicas,
        operator_keys=operator_keys,
        aliases=aliases,
        template=spec.pod_template or PodTemplate(),
        resources=spec.resources or Resources(),
        snapshot=find_start(index),
    )


def _want_encoder(spec: IndexSpec, resolved: Resolved) -> WantedEncoder:
    encoder = spec.encoder
    if encoder is not None and encoder.mode is EncoderMode.IN_POD:
        return WantedEncoder(url=None, gpu=encoder.gpu)
    own = encoder.secret.name if encoder and encoder.secret else None
    if encoder is not None and encoder.url is not None:
        return WantedEncoder(encoder.url, own)
    tier = resolved.encoder or ResolvedEncoder()
    return WantedEncoder(tier.url, own or tier.secret)


def _want_address(spec: IndexSpec, resolved: Resolved) -> SecretKeyRef | None:
    own = spec.database and spec.database.postgresql
    if own:
        return SecretKeyRef(own.secret.name, own.secret.key)
    if resolved.database_secret is None:
        return None
    return SecretKeyRef(resolved.database_secret, resolved.database_key or "uri")


def _want_volume(claim: VolumeClaim | None, resolved: Resolved) -> WantedVolume:
    size = claim.size if claim else None
    own_class = claim.storage_class_name if claim else None
    return WantedVolume(
        size or resolved.volume_size or DEFAULT_SIZE, own_class or resolved.volume_class
    )


def _want_storage(spec: IndexSpec, resolved: Resolved) -> WantedStorage:
    storage = spec.storage
    kind = storage.type if storage else StorageType(resolved.storage or "Volume")
    if kind is StorageType.S3:
        own = storage.s3 if storage else None
        return WantedStorage(s3=narrow_s3(own) if own else resolved.s3)
    claim = storage.volume if storage else None
    if claim is None:
        return WantedStorage()
    volume = _want_volume(claim, resolved)
    return WantedStorage(volume=WantedVolume(volume.size, volume.storage_class, claim.access_mode))


def _want_keys(spec: IndexSpec, resolved: Resolved) -> str | None:
    if spec.auth is not None:
        if spec.auth.mode is AuthMode.NONE:
            return None
        if spec.auth.secret is not None:
            return spec.auth.secret.name
    return resolved.auth_secret
