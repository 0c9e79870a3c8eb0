"""The operator, and what it gives to indexes."""

from typing import Annotated, Literal

from pydantic import Field

from chart.shape import (
    Annotations,
    GivenName,
    Key,
    Labels,
    Name,
    Size,
    Text,
    Url,
    Values,
)
from chart.workloads import Image, Probe, PullSecret, Resources, Workload


class Crds(Values):
    """The definitions of EmbeddingIndex and EmbeddingIndexSnapshot.

    One release of a cluster has them.
    """

    enabled: bool = True
    """Whether this release installs and upgrades them; false for every further one."""
    keep: bool = True
    """Whether they stay when the release goes. With false, every index of the cluster goes too."""
    annotations: Annotations = {}
    """More annotations."""
    labels: Labels = {}
    """More labels."""


class Watch(Values):
    """Whose indexes the operator makes real."""

    cluster_wide: bool = True
    """Those of all namespaces, with ClusterRoles; false needs none, and `namespaces`."""
    namespaces: list[GivenName] = []
    """Those of these alone; they must be there."""


class Rbac(Values):
    """Rights."""

    create: bool = True
    """Whether the chart makes the operator's."""
    aggregate: bool = True
    """Whether those who may view or edit a namespace may do so with its indexes; needs
    `operator.watch.clusterWide`."""


class OperatorProbes(Values):
    """What the kubelet asks of the operator, at /healthz."""

    startup: Probe = Probe(period_seconds=2, timeout_seconds=5, failure_threshold=60)
    """Until it has seen the cluster for the first time."""
    readiness: Probe = Probe(period_seconds=10, timeout_seconds=5, failure_threshold=3)
    """Nobody sends it requests; a rollout waits for it."""
    liveness: Probe = Probe(period_seconds=10, timeout_seconds=5, failure_threshold=3)
    """It tells by itself when it stands still."""


class Operator(Workload):
    """The operator: makes every EmbeddingIndex real (docs/operator.md)."""

    enabled: bool = True
    """Whether it is installed."""
    replica_count: Annotated[int, Field(ge=0)] = 1
    """1, or 0 to stop it; indexes serve on without it. Two would undo each other's work."""
    image: Image = Image(repository="gpu-embedding-operator")
    """The image `operator` of the Dockerfile."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """Indexes that are worked on at once."""
    resync_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600
    """Seconds between two full looks at the cluster."""
    watch: Watch = Watch()
    """Whose indexes are its own."""
    rbac: Rbac = Rbac()
    """What it may do."""
    resources: Resources = Resources(
        requests={"cpu": "100m", "memory": "128Mi"}, limits={"cpu": 1, "memory": "384Mi"}
    )
    """Measured at 1,000 indexes: docs/benchmarks-operator.md."""
    probes: OperatorProbes = OperatorProbes()
    """How the kubelet looks after it."""


class EncoderDefaults(Values):
    """Who embeds for indexes."""

    url: Annotated[str, Field(max_length=512, pattern=r"^(https?://[^/\s]+)?$")] = ""
    """Address of a tier; empty is this release's."""
    secret: Name = ""
    """Secret with key `key`, in each index's namespace: a key of the tier, if it asks for one."""


class DatabaseDefaults(Values):
    """Where indexes record documents."""

    type: Literal["SQLite", "PostgreSQL"] = "SQLite"
    """A file on a volume of each index, for one replica; or PostgreSQL, for any number."""
    secret: Name = ""
    """Secret with PostgreSQL's address, in each index's namespace."""
    key: Key = "uri"
    """Its key there."""
    size: Size = "10Gi"
    """Of the volume."""
    storage_class_name: Name = ""
    """Of the volume; empty is `global.storageClass`, then the cluster's own."""


class S3Defaults(Values):
    """The bucket."""

    bucket: Annotated[str, Field(max_length=63, pattern=r"^([a-z0-9][a-z0-9.-]{2,})?$")] = ""
    """Its name."""
    prefix: Annotated[str, Field(max_length=512, pattern=r"^([^/]+(/[^/]+)*)?$")] = ""
    """What all keys begin with."""
    endpoint: Annotated[str, Field(max_length=512, pattern=r"^(https?://[^/\s]+)?$")] = ""
    """A server that speaks S3; empty is Amazon's."""
    region: Text = ""
    """Its region; empty is us-east-1."""
    secret: Name = ""
    """Secret with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, in each index's namespace;
    empty is the pods' own identity."""


class StorageDefaults(Values):
    """Where snapshots lie."""

    type: Literal["Volume", "S3"] = "Volume"
    """On the index's volume, or in a bucket."""
    s3: S3Defaults = S3Defaults()
    """The bucket."""


class ImagesDefaults(Values):
    """What pods of indexes run."""

    index: Image = Image(repository="gpu-embedding-index")
    """The image `index` of the Dockerfile, without torch; with encoder InPod they run
    `server.image`."""
    pull_secrets: list[PullSecret] = []
    """Looked up in each index's namespace; empty is `global.imagePullSecrets`."""


class Allowed(Values):
    """What an index may name that is not its author's (docs/security.md)."""

    encoder_hosts: list[Text] = []
    """Hosts of `encoder.url`, besides the one above."""
    s3_endpoints: list[Url] = []
    """S3 servers, besides the one above and Amazon's."""
    priority_classes: list[GivenName] = []
    """PriorityClasses of its pods."""
    ingress_annotations: list[
        Annotated[str, Field(min_length=1, max_length=317, pattern=r"^[^*\s]*\*?$")]
    ] = []
    """Annotations of its Ingress: names, or what they begin with and `*`."""


class Bounds(Values):
    """How much is done at once."""

    rollouts: Annotated[int, Field(ge=1)] = 5
    """Indexes whose pods are replaced by another release's at a time."""
    reloads: Annotated[int, Field(ge=1)] = 1
    """Pods of one index that load a snapshot at a time."""


class Defaults(Values):
    """What the operator gives to indexes that do not say it themselves.

    An index takes it over once, so a change does not move those that are there; images, `allowed`
    and `bounds` hold at once.
    """

    model: Annotated[str, Field(max_length=512, pattern=r"^[^\s,]*$")] = ""
    """Model of the tier that they use; empty is the one it serves."""
    encoder: EncoderDefaults = EncoderDefaults()
    """Who embeds for them."""
    database: DatabaseDefaults = DatabaseDefaults()
    """Where documents are recorded."""
    storage: StorageDefaults = StorageDefaults()
    """Where snapshots lie."""
    auth_secret: Name = ""
    """Secret with key `keys.toml`, in each index's namespace: keys of its clients."""
    images: ImagesDefaults = ImagesDefaults()
    """What their pods run."""
    allowed: Allowed = Allowed()
    """What they may name that is not theirs."""
    bounds: Bounds = Bounds()
    """How much is done at once."""
