"""A node: containerd and kubelet as upstream ships them, and the agents of a test cluster."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.cluster import cgroups, control_plane
from tests.cluster.control_plane import REGISTRY
from tests.cluster.machines import Machine
from tests.cluster.networks import DNS, PLACES, PODS, Place, plug_in
from tests.cluster.sites import Site
from tests.cluster.waiting import wait_until

SOCKET = "/run/containerd/containerd.sock"
GPUS = {"node1": 2}
"""Fake GPUs by node."""
LABELS = {
    place.name: f"nvidia.com/gpu.present={str(place.name in GPUS).lower()}" for place in PLACES
}

CONTAINERD = f"""
version = 2
root = "/run/machine/containerd"
state = "/run/containerd"
[grpc]
address = "{SOCKET}"
[plugins."io.containerd.internal.v1.opt"]
path = "/run/machine/opt"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "registry.local:5000/pause:1"
# Where root lacks CAP_SYS_RESOURCE, no pod could be given the score that kubelet asks for.
restrict_oom_score_adj = true
# What was unpacked is not needed twice.
[plugins."io.containerd.grpc.v1.cri".containerd]
discard_unpacked_layers = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/run/machine/cni"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/run/machine/registries"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"""

HOSTS = f"""
server = "http://{REGISTRY}"
[host."http://{REGISTRY}"]
capabilities = ["pull", "resolve"]
"""


def machine(site: Site, place: Place) -> Machine:
    return Machine(site, place.name)


def boot(site: Site, place: Place, programs: Mapping[str, Path]) -> None:
    """Start the machine, its network and containerd."""
    node = machine(site, place)
    node.boot(programs["init"])
    plug_in(node, place, control_plane.machine(site))
    cgroups.make(node.title)
    write(node.folder / "containerd.toml", CONTAINERD)
    write(node.folder / "registries" / "registry.local:5000" / "hosts.toml", HOSTS)
    write(node.folder / "cni" / "pods.conflist", json.dumps(build_network(place)))
    write(node.folder / "kubelet.yaml", json.dumps(build_kubelet(node.title)))
    credentials = node.folder / "credentials"
    credentials.mkdir(mode=0o700)
    for name in (place.name, "proxy", "admin"):
        source = (
            site.state / control_plane.machine(site).name / "credentials" / f"{name}.kubeconfig"
        )
        (credentials / source.name).write_bytes(source.read_bytes())
    node.start(
        "containerd",
        "containerd",
        "--config",
        "/run/machine/containerd.toml",
        "--log-level",
        "warn",
    )


def start_kubelet(site: Site, place: Place, programs: Mapping[str, Path]) -> None:
    """The API server must answer. Kubelet exits if containerd does not."""
    node = machine(site, place)
    log = site.logs / place.name / "containerd.log"
    wait_until(
        lambda: is_socket(node),
        f"containerd of {place.name} does not answer",
        20,
        f"see {log}",
    )
    node.start(
        "kubelet",
        str(programs["kubernetes"]),
        "kubelet",
        "--config=/run/machine/kubelet.yaml",
        f"--kubeconfig=/run/machine/credentials/{place.name}.kubeconfig",
        f"--hostname-override={place.name}",
        f"--node-ip={place.address}",
        f"--node-labels={LABELS[place.name]}",
    )


def start_agents(site: Site, place: Place, programs: Mapping[str, Path]) -> None:
    """Services, network policies, volumes and fake GPUs."""
    node = machine(site, place)
    node.start(
        "kube-proxy",
        str(programs["kubernetes"]),
        "kube-proxy",
        "--kubeconfig=/run/machine/credentials/proxy.kubeconfig",
        f"--hostname-override={place.name}",
        "--proxy-mode=nftables",
        f"--cluster-cidr={PODS}",
        # These limits are the whole machine's, and not a namespace's to set.
        "--conntrack-max-per-core=0",
        "--conntrack-min=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    )
    agent = ("-kubeconfig", "/run/machine/credentials/admin.kubeconfig", "-node", place.name)
    node.start("policy", str(programs["policy"]), *agent)
    (node.folder / "volumes").mkdir(exist_ok=True)
    node.start("volumes", str(programs["volumes"]), *agent, "-folder", "/run/machine/volumes")
    if count := GPUS.get(place.name):
        plugins = "/var/lib/kubelet/device-plugins"
        node.start("gpus", str(programs["gpus"]), "-folder", plugins, "-count", str(count))


def build_network(place: Place) -> dict[str, object]:
    """A bridge for the node's pods, and their host ports."""
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": place.pods}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": "/run/addresses",
    }
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": addresses,
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}


def build_kubelet(cgroup: str) -> dict[str, object]:
    """Kubelets on one host delete each other's pods unless each has a control group of its own."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},  # of its own network, pods included
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}",
        "clusterDNS": [DNS],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "failSwapOn": False,
        "podLogsDir": "/run/machine/pod-logs",
        "resolvConf": "",
        "serializeImagePulls": False,
        "volumePluginDir": "/run/machine/volume-plugins",
        # The disk is the whole machine's: that it fills up is no reason to evict.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "imagefs.available": "0%",
        },
        "imageGCHighThresholdPercent": 100,
    }


def is_socket(node: Machine) -> bool:
    return Path(f"/proc/{node.pid}/root{SOCKET}").is_socket()


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
