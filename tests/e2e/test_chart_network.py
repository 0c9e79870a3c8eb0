"""NetworkPolicies of a release, on a cluster that enforces them."""

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace, new_namespace
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.installation import build_index, wait_for_condition
from tests.e2e.manifests import PORT, build_idler, build_pod
from tests.e2e.releases import Release
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

CALL = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2).close()
    print("let in")
except TimeoutError:
    print("kept out")
"""
NAME = "kubernetes.io/metadata.name"
ADMIN, METRICS, HEALTH = 8002, 9090, 8080


def test_whom_the_values_name_is_let_in_and_nobody_else(
    release: Release, namespace: Namespace, kubectl: Kubectl
) -> None:
    with new_namespace(kubectl) as stranger:
        for each in (namespace, stranger):
            each.apply(build_pod("client", build_idler()))
            each.wait_for("Ready", "pod/client")
        stranger.apply(build_index("docs"))
        wait_for_condition(stranger, "docs", "Ready")  # the operator has asked port 8002
        named = {"namespaceSelector": {"matchLabels": {NAME: namespace.name}}}
        with release.changed({"networkPolicy.clients": [named]}):
            tier = find_address(release.namespace, release.select("server"))
            wait_until(lambda: call(stranger, tier) == "kept out", 30, "the policy is enforced")
            assert call(namespace, tier) == "let in"
            assert call(namespace, tier, METRICS) == "kept out"
            with stranger.http("service/docs", PORT) as http:  # its pod may ask the tier
                add(http, "docs", TEXTS)
                assert find(http, "docs") == "cat"
            index = find_address(stranger, "gpu-embedding.io/index=docs")
            assert call(stranger, index) == "let in"
            assert call(stranger, index, ADMIN) == "kept out"
            operator = find_address(release.namespace, release.select("operator"))
            assert call(stranger, operator, HEALTH) == "kept out"


def test_an_operator_that_finds_no_names_watches_all_the_same(
    release: Release, namespace: Namespace
) -> None:
    with release.changed({"networkPolicy.egress.dnsPorts": [1]}):
        namespace.apply(build_index("docs"))
        wait_for_condition(namespace, "docs", "Ready", seconds=120)


def find_address(namespace: Namespace, selector: str) -> str:
    """Of the one such pod."""
    (pod,) = namespace.pods(selector)
    address: str = pod["status"]["podIP"]
    return address


def call(namespace: Namespace, address: str, port: int = PORT) -> str:
    """How a connection from the pod `client` goes."""
    return namespace.execute("client", "python3", "-c", CALL, address, str(port)).strip()
