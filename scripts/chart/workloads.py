"""What every workload of the chart has: the same keys for the server and the operator."""

from typing import Annotated, Literal

from pydantic import Field

from chart.shape import (
    Affinity,
    Annotations,
    Container,
    ContainerSecurity,
    DnsConfig,
    EnvFrom,
    EnvSource,
    GivenName,
    HostAlias,
    Labels,
    Mount,
    Name,
    PodSecurity,
    Quantity,
    Seconds,
    Spread,
    Text,
    Toleration,
    Values,
    Volume,
)


class Image(Values):
    """An image, and when it is pulled."""

    registry: Text = ""
    """Host, and port, of its registry; `global.imageRegistry` wins over it."""
    repository: Annotated[str, Field(pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*$")]
    """Its name there."""
    tag: Annotated[str, Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?$")] = ""
    """Its tag; empty is the chart's appVersion."""
    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """`sha256:…`: exactly these bytes, whatever the tag says later."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When a node asks the registry for it."""


class PullSecret(Values):
    """A Secret with the registry's password."""

    name: GivenName
    """Its name, in the namespace of the pods."""


class Variable(Values):
    """An environment variable."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """Its name."""
    value: str = ""
    """Its value."""
    value_from: EnvSource = {}
    """Where it comes from instead, as Kubernetes' `valueFrom`."""


class Resources(Values):
    """CPU, memory and other amounts by name."""

    requests: dict[str, Quantity] = {}
    """What the scheduler sets aside."""
    limits: dict[str, Quantity] = {}
    """What is never exceeded."""


class Probe(Values):
    """How often the kubelet asks, and what it makes of silence."""

    period_seconds: Annotated[int, Field(ge=1, le=3600)]
    """Seconds between two questions."""
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)]
    """Seconds until no answer is a bad one."""
    failure_threshold: Annotated[int, Field(ge=1, le=10_000)]
    """Bad answers in a row until it acts."""


class ServiceAccount(Values):
    """Who the pods are to the API server, and to a cloud's workload identity."""

    create: bool = True
    """Whether the chart makes it."""
    name: Name = ""
    """Its name; empty is made of the release's. Needed where `create` is false."""
    annotations: Annotations = {}
    """For workload identity, for example `eks.amazonaws.com/role-arn`."""


class Workload(Values):
    """Keys that every component has, under the same names."""

    resources: Resources
    """CPU and memory."""
    service_account: ServiceAccount = ServiceAccount()
    """Who the pods are."""
    env: list[Variable] = []
    """More environment variables; none that the chart sets itself."""
    env_from: list[EnvFrom] = []
    """ConfigMaps and Secrets whose keys are more of them."""
    pod_labels: Labels = {}
    """More labels of the pods."""
    pod_annotations: Annotations = {}
    """More annotations of the pods."""
    pod_security_context: PodSecurity = {}
    """Merged over the chart's own, which passes Pod Security "restricted"."""
    security_context: ContainerSecurity = {}
    """Merged over the chart's own of the container, in the same way."""
    node_selector: Labels = {}
    """Labels of the nodes; merged over `global.nodeSelector`."""
    tolerations: list[Toleration] = []
    """Tolerations, besides `global.tolerations`."""
    affinity: Affinity = {}
    """Where they run; empty prefers a node of its own for each replica of the tier."""
    topology_spread_constraints: list[Spread] = []
    """How replicas are spread; those without `labelSelector` get the component's."""
    priority_class_name: Name = ""
    """PriorityClass of the pods."""
    scheduler_name: Name = ""
    """Who schedules them; empty is the cluster's own."""
    termination_grace_period_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    """Seconds from SIGTERM to SIGKILL; null is what a good end takes."""
    host_aliases: list[HostAlias] = []
    """More lines of /etc/hosts."""
    dns_config: DnsConfig = {}
    """How names are looked up."""
    extra_volumes: list[Volume] = []
    """More volumes."""
    extra_volume_mounts: list[Mount] = []
    """Where the container has them."""
    init_containers: list[Container] = []
    """Containers that end before the first begins."""
    sidecars: list[Container] = []
    """Containers that run beside it."""
    revision_history_limit: Annotated[int, Field(ge=0, le=100)] = 3
    """Old ReplicaSets that are kept for a way back."""


class Probes(Values):
    """What the kubelet asks of a server, each at its own path."""

    startup: Probe = Probe(period_seconds=5, timeout_seconds=5, failure_threshold=360)
    """/startupz: half an hour for a model's download."""
    readiness: Probe = Probe(period_seconds=5, timeout_seconds=5, failure_threshold=2)
    """/readyz: whether requests come."""
    liveness: Probe = Probe(period_seconds=10, timeout_seconds=5, failure_threshold=6)
    """/livez: a pod that stops answering is started anew."""


class Shutdown(Values):
    """How a pod of the tier ends; it says so first, so that no preStop hook is needed."""

    delay_seconds: Seconds = 10
    """Seconds for which it still takes work, while proxies learn that it goes (SHUTDOWN_DELAY)."""
    grace_seconds: Seconds = 30
    """Seconds after that for what was accepted (SHUTDOWN_GRACE)."""
