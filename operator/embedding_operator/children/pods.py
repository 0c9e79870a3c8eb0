"""The pods of an index: all equal, each able to answer any request alone."""

from typing import Any, Final

from embedding_operator.children.environment import (
    ADMIN_PORT,
    PUBLIC_PORT,
    SHUTDOWN_GRACE,
    build_environment,
    count_delay,
)
from embedding_operator.children.metadata import build_labels, build_selector
from embedding_operator.children.mounts import list_mounts
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.durations import parse_duration

CONTAINER: Final = "server"
"""Name of the one that is ours; others may add theirs."""
USER: Final = 10001
"""The images' own; any other would do."""
LAST_WORDS: Final = 10
"""Seconds a pod has beyond what its server takes to stop."""
NODE_PATIENCE: Final = 30
"""Seconds for which pods without a volume of their own stay on a lost node; Kubernetes' own
default is 300."""
_REQUESTS: Final = {"cpu": "250m", "memory": "512Mi"}


def build_template(wanted: Wanted) -> dict[str, Any]:
    """A Deployment's `template`. Passes Pod Security "restricted"."""
    template = wanted.template
    metadata: dict[str, Any] = {"labels": {**(template.labels or {}), **build_labels(wanted.meta)}}
    if template.annotations:
        metadata["annotations"] = dict(template.annotations)
    return {"metadata": metadata, "spec": _build_spec(wanted)}


def _build_spec(wanted: Wanted) -> dict[str, Any]:
    template, images = wanted.template, wanted.images
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _count_grace(wanted),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            # A volume of millions of files is not walked through at each start.
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_build_container(wanted)],
        "volumes": [mount.build_volume() for mount in list_mounts(wanted)],
        "tolerations": _build_tolerations(wanted),
        "affinity": template.affinity or _build_affinity(wanted),
    }
    if images.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in images.pull_secrets]
    if template.node_selector:
        spec["nodeSelector"] = dict(template.node_selector)
    if template.priority_class_name:
        spec["priorityClassName"] = template.priority_class_name
    if template.topology_spread_constraints:
        own = {"labelSelector": {"matchLabels": build_selector(wanted.meta)}}
        spec["topologySpreadConstraints"] = [
            {**own, **constraint} for constraint in template.topology_spread_constraints
        ]
    return spec


def _build_container(wanted: Wanted) -> dict[str, Any]:
    environment = build_environment(wanted)
    return {
        "name": CONTAINER,
        "image": pick_image(wanted),
        "imagePullPolicy": wanted.images.pull_policy,
        "args": ["serve"],
        "env": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "ports": [
            {"name": "http", "containerPort": PUBLIC_PORT, "protocol": "TCP"},
            {"name": "admin", "containerPort": ADMIN_PORT, "protocol": "TCP"},
        ],
        # A model's download, or a large index without a snapshot, takes its time: half an hour.
        "startupProbe": _build_probe("/livez", period=2, failures=900),
        "livenessProbe": _build_probe("/livez", period=10, failures=6),
        "readinessProbe": _build_probe("/readyz", period=2, failures=2),
        "resources": _build_resources(wanted),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [mount.build_mount() for mount in list_mounts(wanted)],
    }


def pick_image(wanted: Wanted) -> str:
    """Without torch, unless the model is loaded in the pod."""
    return wanted.images.server if wanted.encoder.url is None else wanted.images.index


def _build_probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _build_resources(wanted: Wanted) -> dict[str, Any]:
    own, gpu = wanted.resources, wanted.encoder.gpu
    requests = {**_REQUESTS, **(own.limits or {}), **(own.requests or {})}
    limits = dict(own.limits or {})
    if gpu is not None:
        limits[gpu.resource_name] = str(gpu.count)
        requests[gpu.resource_name] = str(gpu.count)
    made: dict[str, Any] = {"requests": {name: str(each) for name, each in requests.items()}}
    if limits:
        made["limits"] = {name: str(each) for name, each in limits.items()}
    return made


def _build_tolerations(wanted: Wanted) -> list[dict[str, Any]]:
    own = [
        each.model_dump(by_alias=True, exclude_none=True)
        for each in wanted.template.tolerations or ()
    ]
    if wanted.is_on_one_node:  # its volume is on that node, and comes back with it
        return own
    lost = [
        {
            "key": f"node.kubernetes.io/{state}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": NODE_PATIENCE,
        }
        for state in ("not-ready", "unreachable")
    ]
    named = {each.get("key") for each in own}
    return own + [each for each in lost if each["key"] not in named]


def _build_affinity(wanted: Wanted) -> dict[str, Any]:
    """Pods of one index on nodes of their own, where there are enough."""
    apart = {
        "weight": 100,
        "podAffinityTerm": {
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": build_selector(wanted.meta)},
        },
    }
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [apart]}}


def _count_grace(wanted: Wanted) -> int:
    own = wanted.template.termination_grace_period
    if own is not None:  # without any, a pod counts as gone while it still writes to its file
        return max(1, int(parse_duration(own).total_seconds()))
    return count_delay(wanted) + SHUTDOWN_GRACE + LAST_WORDS
