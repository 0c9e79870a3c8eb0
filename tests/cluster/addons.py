"""What a test wants beside Kubernetes: built here, pushed into the cluster's registry, applied."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster import definitions, images, programs
from tests.cluster.clusters import REGISTRY, Cluster
from tests.cluster.definitions import Definitions
from tests.cluster.failures import ClusterFailure
from tests.cluster.images import Image
from tests.cluster.kubectl import Kubectl
from tests.cluster.programs import Program
from tests.cluster.sites import Site
from tests.cluster.steps import step

NAMESPACE = "add-ons"
BUCKET = "indexes"
FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class AddOn:
    """`manifests/NAME.yaml`, and what must be there before it. Its programs are tagged 1 in it."""

    name: str
    ready: tuple[str, ...]
    """What is waited for, as `kubectl rollout status` names it."""
    programs: tuple[Program, ...] = ()
    """Built from Go modules; each is packed as an image of its name."""
    packed: Mapping[str, str] = field(default_factory=dict)
    """Image names to static programs that Python packages bring."""
    image: Image | None = None
    definitions: Definitions | None = None
    furnish: Callable[[Kubectl], None] = lambda kubectl: None
    """Puts in, once it is ready, what whoever runs such a thing has there."""


def make_bucket(kubectl: Kubectl) -> None:
    """Of snapshots, in S3. A first write would make it too, but who reads before is told that there
    is none."""
    where = ("exec", "--stdin", f"--namespace={NAMESPACE}", "deployment/s3", "--")
    shell = ("/bin/s3", "shell", "-master=127.0.0.1:9333", "-filer=127.0.0.1:8888")
    if BUCKET not in kubectl(*where, *shell, given="s3.bucket.list\n"):
        kubectl(*where, *shell, given=f"s3.bucket.create -name {BUCKET}\n")


POSTGRES = Image("postgres", FOLDER / "images" / "postgres.Dockerfile", FOLDER / "images")
ADD_ONS = {
    add_on.name: add_on
    for add_on in (
        AddOn(
            "traefik",
            ("deployment/traefik",),
            packed={"traefik": "traefik"},
            definitions=definitions.GATEWAY,
        ),
        AddOn("s3", ("deployment/s3",), packed={"s3": "weed"}, furnish=make_bucket),
        AddOn("postgres", ("deployment/postgres",), image=POSTGRES),
        AddOn(
            "prometheus",
            ("deployment/prometheus-operator", "statefulset/prometheus-test"),
            programs=programs.PROMETHEUS,
            definitions=definitions.PROMETHEUS,
        ),
        AddOn(
            "metrics",
            ("deployment/metrics-server", "deployment/custom-metrics"),
            programs=programs.METRICS,
        ),
    )
}


def install(cluster: Cluster, site: Site, name: str) -> None:
    """Put one add-on into a cluster that is up; one that is there is brought up to date.

    Raises:
        ClusterFailure: there is none of that name, or it did not become ready.
    """
    if (add_on := ADD_ONS.get(name)) is None:
        raise ClusterFailure(f"there is no add-on {name!r}", f"choose of {', '.join(ADD_ONS)}")
    manifests = (FOLDER / "manifests" / f"{name}.yaml").read_text(encoding="utf-8")
    for image, path in built(site, add_on).items():
        known = cluster.publish_program(image, path)
        manifests = manifests.replace(f"{REGISTRY}/{image}:1", known)
    if add_on.image is not None:
        images.build(site, add_on.image)
        manifests = manifests.replace("@IMAGE@", cluster.publish(add_on.image))
    kubectl = cluster.kubectl()
    with step(f"starting {name}"):
        if add_on.definitions is not None:
            kubectl.apply(definitions.read(site, add_on.definitions))
            kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        kubectl.apply(json.dumps(namespace))
        kubectl.apply(manifests)
        for workload in add_on.ready:
            where = (workload, f"--namespace={NAMESPACE}", "--timeout=120s")
            kubectl("wait", "--for=create", *where, seconds=150)
            kubectl("rollout", "status", *where, seconds=150)
        add_on.furnish(kubectl)


def built(site: Site, add_on: AddOn) -> Mapping[str, Path]:
    """The add-on's programs by the names of their images."""
    folder = Path(sys.executable).parent
    return {
        **programs.build(site, *add_on.programs),
        **{image: folder / name for image, name in add_on.packed.items()},
    }
