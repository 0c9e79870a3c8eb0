"""What is in an image: an SBOM in CycloneDX, of Debian's and Python's packages."""

import sys
from pathlib import Path

from tests.cluster import images
from tests.cluster.commands import run
from tests.cluster.images import Image
from tests.cluster.locks import locked
from tests.cluster.sites import ROOT, Site
from tests.cluster.steps import step


def write(site: Site, image: Image) -> Path:
    """Write `dist/sbom/IMAGE.cdx.json` of a built image. Returns where."""
    target = ROOT / "dist" / "sbom" / f"{image.repository}.cdx.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    syft = [str(Path(sys.executable).with_name("syft")), "scan", "--quiet"]
    named = ["--source-name", image.repository, "--source-version", images.read_version()]
    wanted = [*named, f"--output=cyclonedx-json={target}"]
    with step(f"writing {target.relative_to(ROOT)}"), locked(site, "images"):
        if images.find_builder() == "docker":
            run([*syft, f"docker:{image.name(site)}", *wanted])
            return target
        buildah = ["buildah", *images.storage(site, "buildah")]
        container = run([*buildah, "from", image.name(site)])
        try:
            mount = run([*buildah, "mount", container])
            run([*syft, f"dir:{mount}", *wanted])
        finally:
            run([*buildah, "rm", container])
    return target
