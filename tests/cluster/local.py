"""The local cluster: upstream's programs on machines made of namespaces, up and down in seconds."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import (
    cgroups,
    control_plane,
    credentials,
    definitions,
    images,
    networks,
    nodes,
    packages,
    programs,
)
from tests.cluster.clusters import REGISTRY
from tests.cluster.commands import run
from tests.cluster.failures import ClusterFailure
from tests.cluster.images import Image
from tests.cluster.kernel import require_kernel
from tests.cluster.kubectl import Kubectl
from tests.cluster.locks import locked
from tests.cluster.machines import Machine, remove_points
from tests.cluster.networks import PLACES
from tests.cluster.sites import Site
from tests.cluster.steps import say, step
from tests.cluster.waiting import wait_until

MANIFESTS = Path(__file__).resolve().parent / "manifests"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "registry")
NODE_PROGRAMS = ("containerd", "kubelet", "kube-proxy", "policy", "volumes")


@dataclass(frozen=True, slots=True)
class LocalCluster:
    """See docs/testing.md. Takes root."""

    site: Site
    kind: str = "local"
    ingress: str = f"{PLACES[0].address}:80"

    @property
    def kubeconfig(self) -> Path:
        return control_plane.machine(self.site).folder / "credentials" / "admin.kubeconfig"

    def up(self) -> None:
        """What an interrupted run left is taken down first."""
        self.require_root()
        packages.install()
        require_kernel()
        kubernetes = programs.kubernetes(self.site.kubernetes)
        built = programs.build(self.site, *programs.TOOLS, programs.COREDNS, kubernetes)
        with locked(self.site, self.site.name):
            if (told := self.status()) == "up":
                say(f"The cluster {self.site.name} is up, Kubernetes {self.site.kubernetes}.")
                return
            if told != "down":
                say(f"The cluster {self.site.name} is {told}: it is taken down first.")
            self.take_down()
            try:
                self.raise_up(built)
            except subprocess.CalledProcessError as error:
                remedy = f"look at the logs in {self.site.logs}"
                raise ClusterFailure((error.stderr or str(error)).strip(), remedy) from error
        version = self.site.kubernetes
        say(f"The cluster {self.site.name} is up, Kubernetes {version}. Next: make cluster-shell")

    def raise_up(self, built: Mapping[str, Path]) -> None:
        site, plane = self.site, control_plane.machine(self.site)
        with step("machines, network, etcd, API server"):
            credentials.write_credentials(plane.folder / "credentials")
            control_plane.boot(site, built)
            self.link_programs(built)
            for place in PLACES:
                nodes.boot(site, place, built)
            self.pack(built["pack"], "pause", built["init"], "-tag=1")
            self.pack(built["pack"], "coredns", built["coredns"], "-tag=1")
            kubectl = self.kubectl()
            remedy = f"see {site.logs}/control-plane/kube-apiserver.log"
            wait_until(
                lambda: kubectl.says("get", "--raw=/readyz"),
                "the API server is not ready",
                60,
                remedy,
            )
        with step("controllers, kubelets, name service"):
            control_plane.start_controllers(site, built)
            for place in PLACES:
                nodes.start_kubelet(site, place, built)
                nodes.start_agents(site, place, built)
            for manifest in ("dns.yaml", "storage.yaml"):
                kubectl.apply((MANIFESTS / manifest).read_text(encoding="utf-8"))
            kubectl.apply(definitions.read(site, definitions.GATEWAY))
            for place in PLACES:
                kubectl("wait", "--for=create", f"node/{place.name}", "--timeout=60s", seconds=90)
            kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s", seconds=90)
            dns = ("deployment/coredns", "--namespace=kube-system", "--timeout=60s")
            kubectl("rollout", "status", *dns, seconds=90)
        (site.state / "up").write_text(site.kubernetes, encoding="utf-8")

    def down(self) -> None:
        """Leave no process, mount, address, rule, control group or file of the cluster behind."""
        self.require_root()
        with locked(self.site, self.site.name):
            self.take_down()

    def take_down(self) -> None:
        for machine in self.machines():
            machine.kill()
        for machine in self.machines():
            cgroups.remove(machine.title)
        remove_points(self.site)
        if self.site.state.exists():
            shutil.rmtree(self.site.state)

    def status(self) -> str:
        """Whether every program of it runs and the API server answers."""
        site = self.site
        alive = [machine.name for machine in self.machines() if machine.pid is not None]
        if not alive:
            return "broken, with files left" if site.state.exists() else "down"
        marker = site.state / "up"
        if len(alive) < len(PLACES) + 1 or not marker.exists():
            return "half up"
        if (version := marker.read_text(encoding="utf-8")) != site.kubernetes:
            return f"up with Kubernetes {version}"
        for machine in self.machines():
            plane = machine.name == control_plane.machine(site).name
            for name in PROGRAMS if plane else NODE_PROGRAMS:
                if not machine.find_program(name):
                    return f"without {name} on {machine.name}"
        for place in PLACES:
            if wrong := networks.look_at(place, control_plane.machine(site)):
                return wrong
        answers = self.kubectl().says("get", "--raw=/readyz")
        return "up" if answers else "without an answer from its API server"

    def machines(self) -> list[Machine]:
        """The control plane first."""
        site = self.site
        return [control_plane.machine(site), *(nodes.machine(site, place) for place in PLACES)]

    def enter(self) -> list[str]:
        """Into the control plane's network, with the host's files."""
        if (pid := control_plane.machine(self.site).pid) is None:
            raise ClusterFailure("there is no cluster", "make cluster-up")
        return ["nsenter", f"--net=/proc/{pid}/ns/net", "--"]

    def kubectl(self) -> Kubectl:
        program = self.site.state / "bin" / "kubectl"
        return Kubectl((*self.enter(), str(program), f"--kubeconfig={self.kubeconfig}"))

    def publish(self, image: Image) -> str:
        repository = f"{control_plane.REGISTRY}/{image.repository}"
        tag = images.push(self.site, image, repository, tuple(self.enter()))
        return f"{REGISTRY}/{image.repository}:{tag}"

    def publish_program(self, name: str, program: Path) -> str:
        tool = programs.build_one(self.site, programs.PACK)
        return f"{REGISTRY}/{name}:{self.pack(tool, name, program)}"

    def pack(self, tool: Path, name: str, program: Path, *words: str) -> str:
        """Returns the tag."""
        target = f"{control_plane.REGISTRY}/{name}"
        return run([*self.enter(), str(tool), *words, target, str(program)])

    def link_programs(self, built: Mapping[str, Path]) -> None:
        """kubectl, for the cluster's shell; Kubernetes goes by the name it is called."""
        folder = self.site.state / "bin"
        folder.mkdir(parents=True)
        (folder / "kubectl").symlink_to(built["kubernetes"])

    def require_root(self) -> None:
        """Raises ClusterFailure: without root there is nothing to begin with."""
        if os.geteuid() != 0:
            raise ClusterFailure(
                "a local cluster is made of namespaces, mounts and control groups: that takes root",
                "run it as root, or name another: TEST_CLUSTER=existing KUBECONFIG=…",
            )
