"""What a local cluster wants of the kernel, asked for before anything is built."""

import subprocess
from pathlib import Path

from tests.cluster.commands import last_line
from tests.cluster.failures import ClusterFailure

FILE_SYSTEMS = ("overlay", "ext4")
TRIAL = """
ip link add name bridge0 type bridge
ip link add name one type veth peer name two
nft add table inet trial
"""
"""In a network of its own, which is gone with the trial."""


def require_kernel() -> None:
    """Load what is a module. Raises ClusterFailure for the first thing that is missing."""
    for name in FILE_SYSTEMS:
        if f"\t{name}\n" not in Path("/proc/filesystems").read_text(encoding="utf-8"):
            load(name, f"the kernel has no {name}")
    if not Path("/dev/loop-control").exists():
        load("loop", "the kernel has no loop devices, on which volumes are")
    if not Path("/proc/sys/net/bridge").is_dir():
        load("br_netfilter", "the kernel does not show bridged packets to nftables")
    tried = subprocess.run(
        ["unshare", "--net", "sh", "-ec", TRIAL], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        raise ClusterFailure(
            f"no network can be made: {last_line(tried.stderr)}", "modprobe bridge veth nf_tables"
        )


def load(module: str, cause: str) -> None:
    if subprocess.run(["modprobe", "--quiet", module], check=False).returncode:
        raise ClusterFailure(cause, f"modprobe {module}")
