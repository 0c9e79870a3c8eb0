"""How many pods of the tier there are."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from chart.shape import Annotations, Behavior, Count, Quantity, Seconds, Url, Values, native

Gauge: TypeAlias = Literal["active_requests", "embedding_queue_texts", "embedding_queue_tokens"]
"""Gauges of load that every pod of the tier has on /metrics; a test holds this to its registry."""
Trigger: TypeAlias = Annotated[dict[str, Any], native("keda.ScaleTriggers")]


class PodsMetric(Values):
    """A gauge of the tier's pods, and how much of it a pod should have."""

    name: Gauge
    """Its name on /metrics; something must offer it as a custom metric, such as
    prometheus-adapter."""
    average_value: Quantity
    """How much a pod should have of it."""


class Autoscaling(Values):
    """A HorizontalPodAutoscaler. Pods that it ends finish what they have begun."""

    enabled: bool = False
    """Whether there is one."""
    min_replicas: Count = 1
    """Fewest pods; KEDA's too."""
    max_replicas: Count = 4
    """Most pods; KEDA's too."""
    metrics: list[PodsMetric] = [PodsMetric(name="embedding_queue_tokens", average_value=32_768)]
    """What decides. Tokens that wait are work to come: two full forwards of a GPU by default."""
    cpu_utilization: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent of the CPU requested, besides; alone it is refused with GPUs, whose load it does
    not tell."""
    behavior: Behavior = {
        "scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]},
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
        },
    }
    """How fast it goes; KEDA's too. A model takes a while to load, so it leaves slowly."""


class Keda(Values):
    """KEDA's ScaledObject instead, with Prometheus as its eyes."""

    enabled: bool = False
    """Whether there is one."""
    server_address: Url = ""
    """Prometheus, for example `http://prometheus-operated.monitoring:9090`."""
    queued_tokens: Annotated[int, Field(ge=1)] = 32_768
    """Tokens that wait, for each pod."""
    polling_interval: Annotated[int, Field(ge=1, le=3600)] = 15
    """Seconds between two looks."""
    cooldown_period: Seconds = 300
    """Seconds without load until the last pod goes, where `autoscaling.minReplicas` allows it."""
    triggers: list[Trigger] = []
    """More triggers, as KEDA has them."""
    annotations: Annotations = {}
    """More annotations."""


class Pdb(Values):
    """A PodDisruptionBudget, where there is more than one pod: a drain must not wait for ever."""

    enabled: bool = True
    """Whether there is one."""
    max_unavailable: Count | None = None
    """Pods that a drain may take at a time; 1 where neither this nor the next is set."""
    min_available: Count | None = None
    """Pods that stay instead; fewer than there are."""
