"""What a local cluster takes from the system's packages."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.cluster.commands import last_line
from tests.cluster.failures import ClusterFailure
from tests.cluster.steps import step

WANTED = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "iptables": "iptables",
    "nft": "nftables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "sysctl": "procps",
    "hostname": "hostname",
    "nsenter": "util-linux",
    "modprobe": "kmod",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
}
"""A program, and the Debian package that brings it."""


def install() -> None:
    """Install what is missing. Raises ClusterFailure where apt-get is missing or fails."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = sorted(
        {
            package
            for program, package in WANTED.items()
            if not (
                Path(program).exists()
                if program.startswith("/")
                else shutil.which(program, path=path)
            )
        }
    )
    if not missing:
        return
    names = " ".join(missing)
    if shutil.which("apt-get") is None:
        raise ClusterFailure(
            f"these programs are missing: {names}", "install them with your package manager"
        )
    with step(f"installing {names} from the system's packages"):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            done = subprocess.run(
                ["apt-get", "-qq", *command],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                said = last_line(done.stderr)
                raise ClusterFailure(
                    f"apt-get {command[0]} failed: {said}", f"apt-get install {names}"
                )
