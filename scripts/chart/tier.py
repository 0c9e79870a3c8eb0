"""The embedding tier: its pods, their GPU, their model."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from chart.settings import Config
from chart.shape import (
    Annotations,
    GivenName,
    Key,
    Name,
    Size,
    Strategy,
    Text,
    Values,
)
from chart.workloads import Image, Probes, Resources, Shutdown, Workload

AccessMode: TypeAlias = Literal["ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"]


class Server(Workload):
    """The embedding tier: pods that turn texts into vectors. They keep nothing."""

    enabled: bool = True
    """Whether the tier is installed; without it `defaults.encoder.url` names another one."""
    replica_count: Annotated[int, Field(ge=0, le=10_000)] = 1
    """Pods, each with GPUs of its own; not read where `autoscaling` or `keda` is on."""
    image: Image = Image(repository="gpu-embedding-service")
    """The image `server` of the Dockerfile; pods of indexes with encoder InPod run it too."""
    config: Config = {}
    """Settings of the server by name (docs/settings.md), for example `MAX_BATCH_TOKENS: 32768`;
    those that the chart sets itself are refused."""
    resources: Resources = Resources(
        requests={"cpu": 2, "memory": "6Gi"}, limits={"cpu": 8, "memory": "16Gi"}
    )
    """GPUs are not named here but in `gpu`."""
    probes: Probes = Probes()
    """How the kubelet looks after it."""
    shutdown: Shutdown = Shutdown()
    """How it ends."""
    runtime_class_name: Name = ""
    """RuntimeClass of the pods, for example `nvidia`."""
    strategy: Strategy = {}
    """How pods are replaced; empty is derived: with scarce GPUs the old pod goes first."""


class Dra(Values):
    """GPUs by Dynamic Resource Allocation."""

    device_class_name: GivenName = "gpu.nvidia.com"
    """DeviceClass of the driver."""
    selectors: list[Text] = []
    """CEL expressions that a device must satisfy."""
    existing_claim_template: Name = ""
    """A ResourceClaimTemplate that is there already, instead of the chart's."""


class Gpu(Values):
    """The GPUs of each pod of the tier."""

    enabled: bool = True
    """Whether pods ask for GPUs. Without one on any node they stay Pending: say false there."""
    mode: Literal["device-plugin", "dra"] = "device-plugin"
    """Who hands them out: a device plugin, or Dynamic Resource Allocation."""
    resource_name: Annotated[str, Field(pattern=r"^[a-z0-9.-]+/[A-Za-z0-9._-]+$")] = (
        "nvidia.com/gpu"
    )
    """What the device plugin calls them, for example `nvidia.com/mig-1g.10gb`."""
    count: Annotated[int, Field(ge=1, le=64)] = 1
    """GPUs of one pod; each gets a worker."""
    dra: Dra = Dra()
    """Read where `mode` is dra."""


class HubToken(Values):
    """Access to models that are not public."""

    existing_secret: Name = ""
    """Secret with the hub's token; empty asks without one."""
    key: Key = "token"
    """Its key there."""


class Model(Values):
    """The model that the tier serves.

    Another one is another release: vectors of two models do not compare.
    """

    name: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\s=,@]+$")] = (
        "paraphrase-multilingual-mpnet-base-v2"
    )
    """A hub id, a folder (`/models/…`), `package:NAME`, or `hashing:DIM` for trying things out."""
    revision: Annotated[str, Field(max_length=128, pattern=r"^[^\s=,@]*$")] = ""
    """Commit or tag of the hub; pin it: a hub's `main` may move."""
    served_name: Annotated[str, Field(max_length=128, pattern=r"^[^\s=,@]*$")] = ""
    """What clients call it; empty is its name."""
    allowed: list[Annotated[str, Field(min_length=1, pattern=r"^[^\s,]+$")]] = []
    """Further models, `[name=]reference`, loaded when first asked for (ALLOWED_MODELS)."""
    source: Literal["hub", "image", "pvc", "imageVolume"] = "hub"
    """Where it comes from: a download, the server's image, a claim that is there
    (`modelCache.existingClaim`), or an image with nothing else in it (`model.image`), where the
    cluster has image volumes. All but hub work without the internet."""
    image: Image = Image(repository="gpu-embedding-model")
    """Image with the model at its root, mounted at /models where `source` is imageVolume."""
    hf_token: HubToken = HubToken()
    """Access to the hub."""


class ModelCache(Values):
    """Where downloaded models are kept, at /models."""

    type: Literal["emptyDir", "pvc", "existingClaim", "hostPath"] = "emptyDir"
    """emptyDir downloads again for each new pod; pvc is made by the chart; hostPath is one folder
    a node, which Pod Security "restricted" refuses."""
    size: Size = "20Gi"
    """Of emptyDir and pvc."""
    storage_class: Name = ""
    """Of pvc; empty is `global.storageClass`, then the cluster's own."""
    access_modes: Annotated[list[AccessMode], Field(min_length=1)] = ["ReadWriteOnce"]
    """Of pvc; several replicas share it with ReadWriteMany alone."""
    annotations: Annotations = {}
    """Of pvc."""
    retain: bool = True
    """Whether pvc stays when the release goes."""
    existing_claim: Name = ""
    """Name of the claim where `type` is existingClaim, or `model.source` is pvc."""
    host_path: Annotated[str, Field(max_length=255, pattern=r"^(/[^\s]*)?$")] = ""
    """Folder of the node where `type` is hostPath."""


class ApiKey(Values):
    """One key."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the secret, as `gpu-embedding keys new` prints it."""
    rate: Annotated[int, Field(ge=1)] | None = None
    """Requests a second; null is no bound."""
    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Requests at once; null is no bound."""


class Auth(Values):
    """API keys of the tier (docs/authentication.md)."""

    enabled: bool = False
    """Whether requests need a key. Probes and metrics need none."""
    existing_secret: Name = ""
    """Secret with the file of keys. It is read again when it changes: no restart."""
    key: Key = "keys.toml"
    """Key of that Secret under which the file is."""
    keys: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")], ApiKey] = {}
    """Keys by name, instead of a Secret: hashes alone, which are no secrets."""


class TestKey(Values):
    """A Secret with an API key, in the clear."""

    existing_secret: Name = ""
    """Its name. Where keys are on and this is empty, the test sees to it that nobody gets in."""
    key: Key = "key"
    """Key of that Secret."""


class Tests(Values):
    """`helm test`: embeds a text, and looks at what comes."""

    enabled: bool = True
    """Whether the release has that test."""
    api_key: TestKey = TestKey()
    """With what it asks, where keys are on."""
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = 120
    """Seconds until it gives up."""
    resources: Resources = Resources(
        requests={"cpu": "50m", "memory": "64Mi"}, limits={"cpu": "500m", "memory": "128Mi"}
    )
    """Of its pod."""
