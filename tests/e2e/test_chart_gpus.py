"""The tier asks for GPUs: it gets what the node has, and says so where nothing is behind it."""

from dataclasses import replace

import pytest

from tests.chart.helm import Helm, HelmFailed
from tests.e2e.releases import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

GPU = "nvidia.com/gpu"


def test_a_pod_has_its_gpu_and_falls_back_to_the_cpu_aloud(release: Release, helm: Helm) -> None:
    asking = replace(release, helm=helm)
    with asking.changed({"gpu.enabled": True}):
        (pod,) = release.find_pods("server")
        (container,) = pod["spec"]["containers"]
        assert container["resources"]["limits"][GPU] == "1"
        node = release.namespace.kubectl.get("node", pod["spec"]["nodeName"])
        assert int(node["status"]["allocatable"][GPU]) >= 1
        with release.http() as http:
            health = http.get("/health").json()
        assert (health["status"], health["device"]) == ("healthy", "cpu")
        assert health["fallback"], "it says why it is not on the GPU"
        with pytest.raises(HelmFailed):
            asking.run("test")
        said = release.namespace.run("logs", f"pod/{release.fullname}-test")
        assert "gpu.enabled is true, but the tier runs on cpu" in said
