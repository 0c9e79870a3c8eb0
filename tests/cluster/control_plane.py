"""The control plane, on one machine: etcd, the API server, controllers, the registry of images."""

from collections.abc import Mapping
from pathlib import Path

from tests.cluster.credentials import FRONT_PROXY
from tests.cluster.machines import Machine
from tests.cluster.networks import CONTROL_PLANE, PODS, SERVICES, build_bridge
from tests.cluster.sites import Site

REGISTRY = f"{CONTROL_PLANE}:5000"
CREDENTIALS = "/run/machine/credentials"
ETCD = "http://127.0.0.1:2379"

AUDIT = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: None, verbs: [get, list, watch]}
  - {level: None, resources: [{group: coordination.k8s.io, resources: [leases]}]}
  - {level: Metadata}
"""
"""Who wrote what: enough to show that a quiet controller writes nothing."""


def machine(site: Site) -> Machine:
    return Machine(site, "control-plane")


def boot(site: Site, programs: Mapping[str, Path]) -> None:
    """Start the machine, its network, the registry, etcd and the API server."""
    plane = machine(site)
    plane.boot(programs["init"])
    build_bridge(plane)
    (plane.folder / "audit.yaml").write_text(AUDIT, encoding="utf-8")
    layers = site.cache / "layers"
    layers.mkdir(parents=True, exist_ok=True)
    plane.start("registry", str(programs["registry"]), "-address", REGISTRY, "-folder", str(layers))
    start_etcd(site, programs)
    start_api_server(site, programs)


def start_etcd(site: Site, programs: Mapping[str, Path]) -> None:
    machine(site).start(
        "etcd",
        str(programs["kubernetes"]),
        "etcd",
        "--data-dir=/run/machine/etcd",
        f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--log-level=warn",
        "--unsafe-no-fsync",  # its machine never loses power without the cluster's end
    )


def start_api_server(site: Site, programs: Mapping[str, Path]) -> None:
    machine(site).start(
        "kube-apiserver",
        str(programs["kubernetes"]),
        "kube-apiserver",
        f"--etcd-servers={ETCD}",
        f"--advertise-address={CONTROL_PLANE}",
        f"--service-cluster-ip-range={SERVICES}",
        f"--tls-cert-file={CREDENTIALS}/server.crt",
        f"--tls-private-key-file={CREDENTIALS}/server.key",
        f"--token-auth-file={CREDENTIALS}/tokens.csv",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={CREDENTIALS}/accounts.key",
        f"--service-account-signing-key-file={CREDENTIALS}/accounts.key",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        # Else exec and logs look a node's name up in a DNS that does not know it.
        "--kubelet-preferred-address-types=InternalIP",
        # It has no kube-proxy of its own: those that extend it are called at their pods' addresses.
        "--enable-aggregator-routing=true",
        f"--requestheader-client-ca-file={CREDENTIALS}/front-proxy-authority.crt",
        f"--requestheader-allowed-names={FRONT_PROXY}",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={CREDENTIALS}/front-proxy.crt",
        f"--proxy-client-key-file={CREDENTIALS}/front-proxy.key",
        "--audit-policy-file=/run/machine/audit.yaml",
        "--audit-log-path=/run/machine/audit.log",
        # A lost node is noticed within a test's patience.
        "--default-not-ready-toleration-seconds=10",
        "--default-unreachable-toleration-seconds=10",
    )


def start_controllers(site: Site, programs: Mapping[str, Path]) -> None:
    """What turns objects into other objects, and places pods. The API server must answer."""
    plane, kubernetes = machine(site), str(programs["kubernetes"])
    plane.start(
        "kube-controller-manager",
        kubernetes,
        "kube-controller-manager",
        f"--kubeconfig={CREDENTIALS}/controller-manager.kubeconfig",
        f"--service-account-private-key-file={CREDENTIALS}/accounts.key",
        f"--root-ca-file={CREDENTIALS}/authority.crt",
        "--use-service-account-credentials",
        "--flex-volume-plugin-dir=/run/machine/volume-plugins",  # not on the host
        "--leader-elect=false",
        f"--cluster-cidr={PODS}",
        "--allocate-node-cidrs=false",  # they are written into each node's network
        "--node-monitor-grace-period=20s",
    )
    plane.start(
        "kube-scheduler",
        kubernetes,
        "kube-scheduler",
        f"--kubeconfig={CREDENTIALS}/scheduler.kubeconfig",
        "--leader-elect=false",
    )
