"""What the chart's values are made of."""

from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

NATIVE: Final = "x-kubernetes"
"""Schema key of a value that is an object of Kubernetes' own: what its OpenAPI calls it."""
UNREAD: Final = "x-unread"
"""Schema key of a value that no template reads."""


class Values(BaseModel):
    """A level of the values: frozen, closed, in camel case."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


def native(definition: str) -> Any:
    """An object whose fields Kubernetes itself checks, where it ends up.

    `definition` is its name in Kubernetes' OpenAPI, without `io.k8s.api.`.
    """
    return Field(json_schema_extra={NATIVE: definition})


# Helm's schema library knows RE2 alone, and so no lookahead.
_NAME = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$"
_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)?$"
_SIZE = r"^[1-9][0-9]*(\.[0-9]+)?(k|Ki|M|Mi|G|Gi|T|Ti|P|Pi)$"
_LABEL_KEY = r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
_LABEL_VALUE = r"^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$"

Name: TypeAlias = Annotated[str, Field(max_length=253, pattern=_NAME)]
"""Name of an object, or empty."""
GivenName: TypeAlias = Annotated[str, Field(min_length=1, max_length=253, pattern=_NAME)]
Text: TypeAlias = Annotated[str, Field(max_length=1024, pattern=r"^[^\x00-\x1f]*$")]
"""One line."""
Key: TypeAlias = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
"""Key of a Secret or ConfigMap."""
Size: TypeAlias = Annotated[str, Field(max_length=32, pattern=_SIZE)]
"""Bytes, such as `20Gi`."""
Quantity: TypeAlias = Annotated[str, Field(max_length=32, pattern=_QUANTITY)] | int
"""An amount of a resource, such as `500m`, `8Gi` or `2`."""
Port: TypeAlias = Annotated[int, Field(ge=1, le=65_535)]
Seconds: TypeAlias = Annotated[int, Field(ge=0, le=86_400)]
Count: TypeAlias = Annotated[int, Field(ge=1, le=10_000)]
Url: TypeAlias = Annotated[str, Field(max_length=512, pattern=r"^(https?://[^\s/]+(/\S*)?)?$")]
"""An address, or empty."""
Duration: TypeAlias = Annotated[str, Field(max_length=16, pattern=r"^([0-9]+(ms|s|m|h))?$")]
"""Of Prometheus and the Gateway API, such as `30s`; empty leaves it to them."""
Labels: TypeAlias = dict[
    Annotated[str, Field(max_length=317, pattern=_LABEL_KEY)],
    Annotated[str, Field(max_length=63, pattern=_LABEL_VALUE)],
]
Annotations: TypeAlias = dict[Annotated[str, Field(max_length=317, pattern=_LABEL_KEY)], str]
Cidr: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-fA-F:.]+/[0-9]{1,3}$")]

Affinity: TypeAlias = Annotated[dict[str, Any], native("core.v1.Affinity")]
Behavior: TypeAlias = Annotated[
    dict[str, Any], native("autoscaling.v2.HorizontalPodAutoscalerBehavior")
]
Container: TypeAlias = Annotated[dict[str, Any], native("core.v1.Container")]
ContainerSecurity: TypeAlias = Annotated[dict[str, Any], native("core.v1.SecurityContext")]
DnsConfig: TypeAlias = Annotated[dict[str, Any], native("core.v1.PodDNSConfig")]
Egress: TypeAlias = Annotated[dict[str, Any], native("networking.v1.NetworkPolicyEgressRule")]
EnvFrom: TypeAlias = Annotated[dict[str, Any], native("core.v1.EnvFromSource")]
EnvSource: TypeAlias = Annotated[dict[str, Any], native("core.v1.EnvVarSource")]
HostAlias: TypeAlias = Annotated[dict[str, Any], native("core.v1.HostAlias")]
Mount: TypeAlias = Annotated[dict[str, Any], native("core.v1.VolumeMount")]
Peer: TypeAlias = Annotated[dict[str, Any], native("networking.v1.NetworkPolicyPeer")]
PodSecurity: TypeAlias = Annotated[dict[str, Any], native("core.v1.PodSecurityContext")]
Spread: TypeAlias = Annotated[dict[str, Any], native("core.v1.TopologySpreadConstraint")]
Strategy: TypeAlias = Annotated[dict[str, Any], native("apps.v1.DeploymentStrategy")]
Toleration: TypeAlias = Annotated[dict[str, Any], native("core.v1.Toleration")]
Volume: TypeAlias = Annotated[dict[str, Any], native("core.v1.Volume")]
