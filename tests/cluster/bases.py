"""The base of images where no registry can be reached: Debian with Python, from packages."""

import hashlib
import shutil
from pathlib import Path

from tests.cluster.commands import run
from tests.cluster.sites import Site
from tests.cluster.steps import step

SUITE = "bookworm"
"""Its Python is 3.11."""
PACKAGES = ("ca-certificates", "python3", "python3-venv")
UNWANTED = (
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/zoneinfo/right",
    "var/cache/apt",
    "var/cache/debconf",
    "var/lib/apt/lists",
    "var/log",
)
"""What no program reads; official images leave it out as well."""


def build_base(site: Site) -> Path:
    """An archive of the file system, made unless it is there."""
    recipe = hashlib.sha256(repr((SUITE, PACKAGES, UNWANTED)).encode()).hexdigest()[:12]
    target = site.cache / f"debian-{SUITE}-{recipe}.tar"
    if target.exists():
        return target
    tree, half = target.with_suffix(".tree"), target.with_suffix(".half")
    shutil.rmtree(tree, ignore_errors=True)  # a killed build's
    site.cache.mkdir(parents=True, exist_ok=True)
    with step("building a base of images from Debian's packages (the first time only)"):
        # What it mounts is gone with it, also when it is killed.
        apart = [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--propagation",
            "private",
        ]
        command = [
            *apart,
            "debootstrap",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            SUITE,
            str(tree),
        ]
        run(command, "can the archive of Debian's packages be reached? apt-get update")
        for name in UNWANTED:
            shutil.rmtree(tree / name, ignore_errors=True)
            (tree / name).mkdir(parents=True)
        # Nobody's time of day goes into a layer.
        run(
            [
                "tar",
                "--create",
                "--sort=name",
                "--mtime=@0",
                "--numeric-owner",
                f"--file={half}",
                f"--directory={tree}",
                ".",
            ],
            "is the disk full?",
        )
        shutil.rmtree(tree)
    half.rename(target)
    return target
