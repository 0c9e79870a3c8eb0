"""The images start as strictly as a cluster can demand: any user, nothing to write, no rights."""

import httpx
import pytest

from tests.e2e.cluster import Namespace
from tests.e2e.manifests import USER, build_idler, build_pod, build_server
from tests.e2e.releases import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

INDEX_MEGABYTES = 600
DESCRIBE = """
import os
print(os.getuid(), "read-only" if os.statvfs("/").f_flag & os.ST_RDONLY else "writable")
for line in open("/proc/self/status"):
    if line.startswith(("CapEff", "NoNewPrivs", "Seccomp:")):
        print(line)
print("token" if os.path.exists("/var/run/secrets/kubernetes.io") else "no token")
"""
HELD = "{user} read-only CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 no token"

# Bytes on the file system that an image's files are on, each file once.
WEIGH = """
import os
top, seen = os.stat("/"), {}
for folder, folders, files in os.walk("/"):
    if os.stat(folder).st_dev != top.st_dev:
        folders.clear()
        continue
    for name in files:
        found = os.lstat(os.path.join(folder, name))
        seen[found.st_dev, found.st_ino] = found.st_size
print(sum(seen.values()))
"""


def test_an_index_pod_starts_hardened(namespace: Namespace) -> None:
    environment = {
        "ENCODER_URL": "http://nowhere.invalid:8001",
        "INDEX_NAME": "faq",
        "INDEX_UID": "a",
    }
    namespace.apply(build_pod("index", build_server("index", environment)))
    namespace.wait_for("jsonpath={.status.containerStatuses[0].started}=true", "pod/index")
    (status,) = namespace.get("pod", "index")["status"]["containerStatuses"]
    assert status["restartCount"] == 0
    with namespace.http("pod/index", 8001) as http:
        assert http.get("/livez").status_code == httpx.codes.OK
    assert describe(namespace, "index") == HELD.format(user=USER)


@pytest.mark.parametrize(("component", "token"), [("server", "no token"), ("operator", "token")])
def test_a_release_s_pods_start_hardened(release: Release, component: str, token: str) -> None:
    (pod,) = release.find_pods(component)
    (status,) = pod["status"]["containerStatuses"]
    assert status["restartCount"] == 0
    held = HELD.format(user=10001).replace("no token", token)
    assert describe(release.namespace, pod["metadata"]["name"]) == held


def describe(namespace: Namespace, pod: str) -> str:
    """What a process in the pod finds of its own rights."""
    return " ".join(namespace.execute(pod, "python3", "-c", DESCRIBE).split())


def test_the_image_of_an_index_is_small(namespace: Namespace) -> None:
    namespace.apply(build_pod("index", build_idler()))
    namespace.wait_for("Ready", "pod/index")
    megabytes = int(namespace.execute("index", "python3", "-c", WEIGH)) / 1e6
    assert 100 < megabytes <= INDEX_MEGABYTES
