"""What tests put on a cluster: pods as hardened as the chart's, and what belongs to them."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.cluster import Manifest, image

PORT = 8001
USER = 23456
"""Any that is not root's, and no image's own."""
HARDENED: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
SECURE: Mapping[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def build_server(target: str, environment: Mapping[str, str], **changes: Any) -> Manifest:
    """A pod's spec that runs one of the product's images. `changes` are made to its container."""
    container = {
        "name": "server",
        "image": image(target),
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "ports": [{"name": "http", "containerPort": PORT}],
        "startupProbe": build_probe("/livez") | {"failureThreshold": 120},
        "readinessProbe": build_probe("/readyz"),
        "securityContext": HARDENED,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        **changes,
    }
    return {
        "automountServiceAccountToken": False,
        "securityContext": SECURE,
        "terminationGracePeriodSeconds": 10,
        "containers": [container],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }


def build_probe(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1}


def build_pod(name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": spec,
    }


def build_deployment(name: str, spec: Manifest, replicas: int = 1, **more: Any) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
            **more,
        },
    }


def build_service(name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": PORT, "targetPort": "http"}]},
    }


def build_settings(name: str, **files: str) -> Manifest:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": files}


def build_claim(name: str, size: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


def build_idler(*command: str) -> Manifest:
    """A pod's spec with Python in it, which waits, or does what it is told."""
    waiting = ("python3", "-c", "import signal; signal.sigwait([signal.SIGTERM])")
    container = {
        "name": "python",
        "image": image("index"),
        "command": list(command or waiting),
        "securityContext": HARDENED,
    }
    return {
        "automountServiceAccountToken": False,
        "securityContext": SECURE,
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
