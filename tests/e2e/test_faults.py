"""What breaks on the local cluster is broken for tests, and is whole again afterwards."""

from collections.abc import Iterator

import pytest

from tests.cluster.faults import Faults
from tests.cluster.kubectl import Kubectl
from tests.cluster.local import LocalCluster
from tests.cluster.sites import this_site
from tests.e2e.cluster import Namespace
from tests.e2e.manifests import build_idler, build_pod
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.node_faults, pytest.mark.timeout(300)]


SEND = """
import socket
server = socket.create_server(("", 8001))
while True:
    with server.accept()[0] as client:
        client.sendall(bytes(1 << 20))
"""
RECEIVE = """
import socket, sys, time
start = time.monotonic()
while True:
    try:
        source = socket.create_connection((sys.argv[1], 8001))
        break
    except ConnectionRefusedError:  # it does not listen yet
        start = time.monotonic()
while source.recv(1 << 16):
    pass
print(time.monotonic() - start)
"""


@pytest.fixture
def faults() -> Iterator[Faults]:
    cluster = LocalCluster(this_site())
    yield Faults(cluster)
    assert cluster.status() == "up"


def is_ready(kubectl: Kubectl, node: str) -> bool:
    conditions = kubectl.get("node", node)["status"]["conditions"]
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def answers(kubectl: Kubectl) -> bool:
    return kubectl.says("get", "--raw=/readyz", "--request-timeout=3s")


def test_a_node_whose_kubelet_stops_is_lost_and_comes_back(
    kubectl: Kubectl, faults: Faults
) -> None:
    with faults.stopped_kubelet("node2"):
        wait_until(lambda: not is_ready(kubectl, "node2"), 60, "node2 is lost")
        assert is_ready(kubectl, "node1")
    assert is_ready(kubectl, "node2")


def test_a_node_whose_link_is_cut_is_lost_and_comes_back(kubectl: Kubectl, faults: Faults) -> None:
    with faults.cut_link("node2"):
        wait_until(lambda: not is_ready(kubectl, "node2"), 60, "node2 is lost")
    assert is_ready(kubectl, "node2")


def test_without_its_api_server_a_cluster_answers_nothing(kubectl: Kubectl, faults: Faults) -> None:
    with faults.stopped_api_server():
        assert not answers(kubectl)
    assert answers(kubectl)


def test_without_etcd_the_api_server_is_not_ready(kubectl: Kubectl, faults: Faults) -> None:
    with faults.stopped_etcd():
        wait_until(lambda: not answers(kubectl), 60, "the API server notices")
    assert answers(kubectl)


def test_a_slow_link_is_slow(namespace: Namespace, faults: Faults) -> None:
    for name, node, code in (("source", "node1", SEND), ("sink", "node2", None)):
        idler = build_idler(*(("python3", "-c", code) if code else ()))
        spec = {**idler, "nodeSelector": {"kubernetes.io/hostname": node}}
        namespace.apply(build_pod(name, spec))
        namespace.wait_for("Ready", f"pod/{name}")
    address = namespace.get("pod", "source")["status"]["podIP"]

    def receive() -> float:
        """Seconds for a mebibyte."""
        return float(namespace.execute("sink", "python3", "-c", RECEIVE, address))

    wait_until(lambda: receive() < 2, 30, "a sound link is quick")
    with faults.slow_link("node2", megabits=2):
        assert receive() > 3


def test_a_killed_pod_is_started_again(namespace: Namespace, faults: Faults) -> None:
    namespace.apply(build_pod("probe", build_idler()))
    namespace.wait_for("Ready", "pod/probe")
    with faults.killed_pod(namespace.name, "probe"):
        (status,) = namespace.get("pod", "probe")["status"]["containerStatuses"]
        wait_until(
            lambda: restarts(namespace) == status["restartCount"] + 1, 60, "it is started again"
        )


def restarts(namespace: Namespace) -> int:
    (status,) = namespace.get("pod", "probe")["status"]["containerStatuses"]
    count: int = status["restartCount"]
    return count
