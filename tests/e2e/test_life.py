"""The local cluster's own life, shown on another one beside that which tests run on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.cluster import cgroups
from tests.cluster.kubectl import Kubectl
from tests.cluster.local import LocalCluster
from tests.cluster.machines import POINTS, first_processes
from tests.cluster.sites import ROOT, Site, this_site
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.node_faults, pytest.mark.timeout(300)]

UP = """
import sys
from pathlib import Path
from tests.cluster.local import LocalCluster
from tests.cluster.sites import Site
LocalCluster(Site(sys.argv[1], Path(sys.argv[2]), sys.argv[3])).up()
"""


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    """Of another name than this checkout's."""
    made = LocalCluster(replace(this_site(), name=f"gpe-life-{os.getpid()}"))
    yield made
    made.down()


def traces(site: Site) -> list[str]:
    """What there is, or could be, of a cluster on the host."""
    found = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    host = ["nsenter", "--net=/proc/1/ns/net"]  # tests run in the network of their own cluster
    for command in ("ip netns", "ip -oneline link", "nft list ruleset"):
        words = [*host, *command.split()]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        found += done.stdout.splitlines()
    found += [title for title, _ in first_processes() if title.startswith(site.name)]
    found += [str(path) for top in cgroups.hierarchies() for path in top.glob(f"{site.name}*")]
    found += [str(path) for point in POINTS for path in Path(point).glob("*")]
    return sorted(found)


def test_an_interrupted_start_heals_and_the_end_leaves_nothing(cluster: LocalCluster) -> None:
    site = cluster.site
    before = traces(site)
    words = [sys.executable, "-c", UP, site.name, str(site.cache), site.kubernetes]
    with subprocess.Popen(words, cwd=ROOT) as starting:
        log = site.logs / "node1" / "containerd.log"
        wait_until(log.exists, 60, "it is half up")
        starting.send_signal(signal.SIGKILL)
    assert cluster.status() == "half up"
    cluster.up()
    assert cluster.status() == "up"
    cluster.up()  # is then nothing to do
    mine = {process.pid for machine in cluster.machines() for process in machine.processes()}
    cluster.down()
    assert cluster.status() == "down"
    assert not any(map(psutil.pid_exists, mine))
    assert traces(site) == before
    assert not site.state.exists()


def test_no_route_leads_out_of_it() -> None:
    for command in ("ip route show default", "ip -6 route show default"):
        done = subprocess.run(command.split(), capture_output=True, text=True, check=True)
        assert done.stdout == ""


def test_every_write_is_in_the_audit_log(kubectl: Kubectl) -> None:
    name = f"audited-{os.getpid()}"
    kubectl("create", "namespace", name)
    kubectl("delete", "namespace", name, "--wait=false")
    log = this_site().state / "control-plane" / "audit.log"
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    mine = [each["verb"] for each in events if each.get("objectRef", {}).get("name") == name]
    assert mine[:1] == ["create"]
    assert "delete" in mine
