"""The pods of an index: what they embed with, what they are given, where they run."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from embedding_operator.resources.shape import (
    RESERVED,
    Address,
    Duration,
    ObjectName,
    Quantity,
    SecretReference,
    Shape,
    keyed_by,
    open_object,
    validated,
)


class EncoderMode(StrEnum):
    """Who turns texts into vectors."""

    REMOTE = "Remote"
    IN_POD = "InPod"


class Gpu(Shape):
    """GPUs of one pod."""

    count: Annotated[int, Field(ge=1, le=16)] = 1
    """GPUs of each pod; 1 by default."""
    resource_name: Annotated[
        str, Field(max_length=253, pattern=r"^[a-z0-9.-]+/[A-Za-z0-9._-]+$")
    ] = "nvidia.com/gpu"
    """What the cluster calls them, for example `nvidia.com/mig-1g.10gb`; nvidia.com/gpu by
    default."""


class Encoder(Shape):
    """Who turns texts into vectors."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            (
                "self.mode != 'InPod' || (!has(self.url) && !has(self.secret))",
                "url and secret belong to mode Remote",
            ),
            (
                "!has(self.gpu) || self.mode == 'InPod'",
                "gpu belongs to mode InPod",
            ),
        )
    )

    mode: EncoderMode = EncoderMode.REMOTE
    """`Remote` asks an embedding tier, by default the one of this installation; `InPod` loads the
    model into each pod of the index."""
    url: Address | None = None
    """Address of an embedding tier; the one of this installation by default. Its host must be
    allowed by the operator's defaults."""
    secret: SecretReference | None = None
    """Secret whose key `key` is the API key that the tier asks for, in this namespace; for the tier
    of this installation the one of the operator's defaults by default. Read again when it
    changes."""
    gpu: Gpu | None = None
    """GPUs of each pod; none by default: the model runs on the CPU."""


class Resources(Shape):
    """What each pod asks of its node, as in any container."""

    requests: Annotated[dict[str, Quantity], Field(max_length=16)] | None = None
    """What a node must have free, for example `{cpu: 500m, memory: 2Gi}`."""
    limits: Annotated[dict[str, Quantity], Field(max_length=16)] | None = None
    """What it may use at most. Beyond its memory the pod is killed."""


class EnvironmentVariable(Shape):
    """One variable."""

    name: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """Name. The product's own settings, and names that begin with LD_, PYTHON or AWS_, are
    refused."""
    value: Annotated[str, Field(max_length=4096)] = ""
    """Value; empty by default."""


class Toleration(Shape):
    """A taint that pods put up with, as in any pod."""

    key: Annotated[str, Field(max_length=317)] | None = None
    """Key of the taint; all by default."""
    operator: Annotated[str, Field(json_schema_extra={"enum": ["Exists", "Equal"]})] | None = None
    """`Equal` by default."""
    value: Annotated[str, Field(max_length=63)] | None = None
    """Value of the taint."""
    effect: (
        Annotated[
            str,
            Field(json_schema_extra={"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]}),
        ]
        | None
    ) = None
    """Effect of the taint; all by default."""
    toleration_seconds: Annotated[int, Field(ge=0, le=31_536_000)] | None = None
    """Seconds a NoExecute taint is put up with, a year at most; for ever by default."""


_CONFINED = (
    "!self.exists(k, k.startsWith('container.apparmor.security.beta.kubernetes.io/'))",
    "annotations cannot take a pod's AppArmor profile away",
)
_NOT_AT_ONCE = (
    "self.matches('[1-9]')",
    "terminationGracePeriod is at least 1s: with none a pod counts as gone while it still runs",
)
_VALUE = Annotated[str, Field(max_length=4096)]
_LABEL_VALUE = Annotated[
    str, Field(max_length=63, pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")
]


class PodTemplate(Shape):
    """What pods of the index have besides. It is closed: nothing here can widen what a pod may."""

    labels: (
        Annotated[
            dict[str, _LABEL_VALUE],
            Field(max_length=32, json_schema_extra=validated(RESERVED)),
        ]
        | None
    ) = None
    """Labels of the pods."""
    annotations: (
        Annotated[
            dict[str, _VALUE],
            Field(max_length=32, json_schema_extra=validated(RESERVED, _CONFINED)),
        ]
        | None
    ) = None
    """Annotations of the pods."""
    node_selector: Annotated[dict[str, _LABEL_VALUE], Field(max_length=16)] | None = None
    """Labels that their node must have."""
    tolerations: Annotated[list[Toleration], Field(max_length=16)] | None = None
    """Taints that they put up with."""
    affinity: Annotated[dict[str, Any], Field(json_schema_extra=open_object())] | None = None
    """Nodes and pods they want to be near or away from, as in any pod. By default pods of one
    index keep apart where they can."""
    topology_spread_constraints: (
        Annotated[
            list[Annotated[dict[str, Any], Field(json_schema_extra=open_object())]],
            Field(max_length=8),
        ]
        | None
    ) = None
    """How they spread over zones and nodes, as in any pod; a constraint without a labelSelector
    means the pods of this index."""
    priority_class_name: ObjectName | None = None
    """Priority of the pods; must be allowed by the operator's defaults."""
    termination_grace_period: (
        Annotated[Duration, Field(json_schema_extra=validated(_NOT_AT_ONCE))] | None
    ) = None
    """Time a pod has to finish what it accepted, for example `60s`, 1s at least; 45s by default.
    With less it may be killed over requests that it would have answered."""
    env: (
        Annotated[
            list[EnvironmentVariable],
            Field(
                max_length=32,
                json_schema_extra={
                    **keyed_by("name"),
                    **validated(
                        (
                            "!self.exists(e, e.name.startsWith('LD_') || "
                            "e.name.startsWith('PYTHON') || e.name.startsWith('AWS_'))",
                            "env: names that begin with LD_, PYTHON or AWS_ are refused",
                        )
                    ),
                },
            ),
        ]
        | None
    ) = None
    """Further environment variables, for example HTTPS_PROXY."""
