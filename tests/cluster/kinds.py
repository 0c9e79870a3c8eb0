"""A cluster of kind's, where Docker runs: `kind-config.yaml`, two workers, one with fake GPUs."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import programs
from tests.cluster.clusters import REGISTRY
from tests.cluster.commands import last_line, run
from tests.cluster.failures import ClusterFailure
from tests.cluster.images import Image
from tests.cluster.kubectl import Kubectl, find_kubectl
from tests.cluster.locks import locked
from tests.cluster.sites import ROOT, Site
from tests.cluster.steps import say, step

GPUS = 2
CONFIGURATION = ROOT / "kind-config.yaml"


@dataclass(frozen=True, slots=True)
class KindCluster:
    """Docker's containers are its machines; images are loaded into each."""

    site: Site
    kind: str = "kind"
    ingress: str = "127.0.0.1:8080"
    """As kind-config.yaml maps it."""

    @property
    def kubeconfig(self) -> Path:
        return self.site.state / "kubeconfig"

    def up(self) -> None:
        """What an interrupted run left is taken down first."""
        with locked(self.site, self.site.name):
            marker = self.site.state / "up"
            if marker.exists() and self.status() == "up":
                say(f"The cluster {self.site.name} is up.")
                return
            self.run("delete", "cluster", self.name)
            self.site.state.mkdir(parents=True, exist_ok=True)
            image = f"--image=kindest/node:v{self.site.kubernetes}"
            words = [self.name, image, f"--config={CONFIGURATION}", "--wait=120s"]
            with step("kind makes the cluster"):
                self.run("create", "cluster", f"--kubeconfig={self.kubeconfig}", *words)
            self.add_gpus()
            marker.touch()

    def add_gpus(self) -> None:
        """Tell of GPUs on the node that the configuration labels so."""
        kubectl = self.kubectl()
        label = "--selector=nvidia.com/gpu.present=true"
        change = [{"op": "add", "path": "/status/capacity/nvidia.com~1gpu", "value": str(GPUS)}]
        for node in kubectl.get("nodes", label)["items"]:
            name = node["metadata"]["name"]
            patch = json.dumps(change)
            kubectl(
                "patch", "node", name, "--subresource=status", "--type=json", f"--patch={patch}"
            )

    def down(self) -> None:
        self.run("delete", "cluster", self.name)
        if self.site.state.exists():
            shutil.rmtree(self.site.state)

    def status(self) -> str:
        if self.site.name not in self.run("get", "clusters").split():
            return "down"
        answers = self.kubectl().says("get", "--raw=/readyz")
        return "up" if answers else "without an answer from its API server"

    def enter(self) -> list[str]:
        return []

    def kubectl(self) -> Kubectl:
        return find_kubectl(self.kubeconfig)

    def publish(self, image: Image) -> str:
        identity = run(["docker", "inspect", "--format={{.Id}}", image.name(self.site)])
        reference = f"{REGISTRY}/{image.repository}:{identity.removeprefix('sha256:')[:12]}"
        run(["docker", "tag", image.name(self.site), reference])
        self.load("docker-image", reference)
        return reference

    def publish_program(self, name: str, program: Path) -> str:
        archive = self.site.state / f"{name}.tar"
        tool = programs.build_one(self.site, programs.PACK)
        words = [f"-archive={archive}", f"{REGISTRY}/{name}", str(program)]
        tag = run([str(tool), *words])
        self.load("image-archive", str(archive))
        archive.unlink()
        return f"{REGISTRY}/{name}:{tag}"

    def load(self, what: str, name: str) -> None:
        with step(f"loading {name} into the nodes"):
            self.run("load", what, name, self.name)

    @property
    def name(self) -> str:
        return f"--name={self.site.name}"

    def run(self, *words: str) -> str:
        tool = programs.build_one(self.site, programs.KIND)
        done = subprocess.run([str(tool), *words], capture_output=True, text=True, check=False)
        if done.returncode:
            said = last_line(done.stderr)
            raise ClusterFailure(f"kind {words[0]} failed: {said}", "docker info; docker ps")
        return done.stdout
