"""What other tests rely on, on every kind of cluster."""

import subprocess

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.manifests import build_claim, build_idler, build_pod
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

LISTEN = """
import http.server
http.server.HTTPServer(("", 8001), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
CALL = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 8001), timeout=2).close()
    print("let in")
except TimeoutError:
    print("kept out")
except ConnectionRefusedError:
    print("not listening")
"""
GPU_NODE = {"nvidia.com/gpu.present": "true"}
ELSEWHERE = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {
                "labelSelector": {"matchLabels": {"app": "server"}},
                "topologyKey": "kubernetes.io/hostname",
            }
        ]
    }
}
RESOLVE = "import socket, sys; print(socket.gethostbyname(sys.argv[1]))"
FILL = """
import os, sys
try:
    with open("/data/filler", "wb") as file:
        for _ in range(200):
            file.write(bytes(1 << 20))
            file.flush()
            os.fsync(file.fileno())
except OSError as error:
    print(error.strerror)
os.remove("/data/filler")
"""


def python(namespace: Namespace, pod: str, code: str, *words: str) -> str:
    return namespace.execute(pod, "python3", "-c", code, *words).strip()


def test_it_has_two_nodes_for_pods(kubectl: Kubectl) -> None:
    nodes = kubectl.get("nodes")["items"]
    free = [node for node in nodes if not node["spec"].get("taints")]
    assert len(free) >= 2


def test_names_of_services_are_found_and_no_others(namespace: Namespace) -> None:
    namespace.apply(build_pod("probe", build_idler()))
    namespace.wait_for("Ready", "pod/probe")
    known = python(namespace, "probe", RESOLVE, "kubernetes.default.svc.cluster.local")
    wanted = namespace.kubectl.get("service", "kubernetes", "--namespace=default")
    assert known == wanted["spec"]["clusterIP"]
    with pytest.raises(subprocess.CalledProcessError):
        python(namespace, "probe", RESOLVE, "nobody.default.svc.cluster.local")


def test_a_volume_is_as_large_as_was_asked_for_and_belongs_to_its_pods_user(
    namespace: Namespace,
) -> None:
    spec = dict(build_idler())
    spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    (container,) = spec["containers"]
    mounted = container | {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    namespace.apply(
        build_claim("data", "64Mi"), build_pod("probe", spec | {"containers": [mounted]})
    )
    namespace.wait_for("Ready", "pod/probe")
    assert python(namespace, "probe", FILL) == "No space left on device"


def test_of_three_pods_that_want_a_gpu_each_on_two_gpus_one_waits(namespace: Namespace) -> None:
    spec = build_idler()
    (container,) = spec["containers"]
    wanting = container | {"resources": {"limits": {"nvidia.com/gpu": "1"}}}
    names = [f"gpu-{number}" for number in range(3)]
    namespace.apply(*(build_pod(name, {**spec, "containers": [wanting]}) for name in names))

    def phases() -> list[str]:
        return sorted(pod["status"]["phase"] for pod in namespace.get("pods")["items"])

    wait_until(lambda: phases() == ["Pending", "Running", "Running"], 60, "two of three run")
    unschedulable = "--field-selector=reason=FailedScheduling"
    event = wait_until(
        lambda: next(iter(namespace.get("events", unschedulable)["items"]), None),
        30,
        "it is said why",
    )
    assert "Insufficient nvidia.com/gpu" in event["message"]


def test_network_policies_are_enforced(namespace: Namespace) -> None:
    """Within a node and between nodes. Without this, no test of a policy says anything."""
    server = {**build_idler("python3", "-c", LISTEN), "nodeSelector": GPU_NODE}
    near = {**build_idler(), "nodeSelector": GPU_NODE}
    namespace.apply(
        build_pod("server", server),
        build_pod("friend", build_idler()),
        build_pod("near", near),
        build_pod("far", {**build_idler(), "affinity": ELSEWHERE}),
    )
    for name in ("server", "friend", "near", "far"):
        namespace.wait_for("Ready", f"pod/{name}")
    address = namespace.get("pod", "server")["status"]["podIP"]

    def everybody(said: str) -> bool:
        """Whether both strangers, on the server's node and on another, find the same."""
        return {call(namespace, pod, address) for pod in ("near", "far")} == {said}

    wait_until(lambda: everybody("let in"), 30, "at first, everybody is let in")
    allowed = [{"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}]}]
    namespace.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "friends"},
            "spec": {"podSelector": {"matchLabels": {"app": "server"}}, "ingress": allowed},
        }
    )
    wait_until(lambda: everybody("kept out"), 30, "strangers are kept out")
    assert call(namespace, "friend", address) == "let in"


def call(namespace: Namespace, pod: str, address: str) -> str:
    return python(namespace, pod, CALL, address)
