"""Every pod of the chart: restricted, pinned, and with no more than it needs."""

import re
from pathlib import Path

import pytest

from pod_security import find_violations
from tests.chart.helm import CHART, VALUES, Helm, Manifest
from tests.chart.in_process import render
from tests.chart.manifests import find, find_all, list_containers, list_pods, server
from tests.chart.trees import build

DIGEST = f"sha256:{'5f70bf18' * 8}"
IMAGES = ("server.image", "operator.image", "defaults.images.index", "model.image")


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_each_pod_passes_the_restricted_standard_and_more(helm: Helm, values: Path) -> None:
    manifests = helm.template(values)
    is_openshift = "openshift" in values.stem
    for name, pod in list_pods(manifests):
        assert list(find_violations(pod)) == [], name
        context = pod["securityContext"]
        assert is_openshift or context["runAsUser"] >= 10_000
        assert not is_openshift or not {"runAsUser", "runAsGroup", "fsGroup"} & set(context)
        for container in list_containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
        for container in pod["containers"][:1]:
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
            assert container["resources"]["limits"].keys() >= {"cpu", "memory"}


def test_the_folder_of_a_node_is_the_one_exception() -> None:
    values = {"modelCache.type": "hostPath", "modelCache.hostPath": "/srv/models"}
    assert list(find_violations(server(render(build(values))))) == ["volume models"]


def test_what_is_written_to_is_a_volume(default: list[Manifest]) -> None:
    for name, pod in list_pods(default):
        if name.endswith("-test"):
            continue
        (container, *_) = pod["containers"]
        writable = {
            each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")
        }
        env = {each["name"]: each.get("value") for each in container["env"]}
        assert env["TMPDIR"] in writable
        assert env.get("HF_HOME") in {*writable, None}


def test_the_operator_alone_has_a_token(default: list[Manifest]) -> None:
    told = {
        name.removeprefix("gpu-embedding-"): pod["automountServiceAccountToken"]
        for name, pod in list_pods(default)
    }
    assert told == {"server": False, "operator": True, "test": False}
    for account in find_all(default, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize("digest", ["", DIGEST])
def test_one_registry_and_one_digest_reach_every_image(digest: str) -> None:
    given = {f"{path}.digest": digest for path in IMAGES}
    given |= {f"{path}.registry": "other.example.com" for path in IMAGES}
    given |= {"global.imageRegistry": "registry:5000", "model.source": "imageVolume"}
    manifests = render(build(given))
    images = [
        container["image"] for _, pod in list_pods(manifests) for container in list_containers(pod)
    ]
    volume = next(each for each in server(manifests)["volumes"] if each["name"] == "models")
    defaults = find(manifests, "ConfigMap", "-defaults")["data"]["defaults.yaml"]
    images += [volume["image"]["reference"], *re.findall(r'(?:index|server): "(.*)"', defaults)]
    assert len(images) == 6
    ending = f"@{digest}" if digest else ""
    wanted = rf"registry:5000/gpu-embedding-\w+:0\.1\.0{re.escape(ending)}"
    assert [each for each in images if not re.fullmatch(wanted, each)] == []


def test_no_image_is_whatever_is_latest(helm: Helm) -> None:
    for values in VALUES:
        for _, pod in list_pods(helm.template(values)):
            for container in list_containers(pod):
                tag = container["image"].split("/")[-1].partition("@")[0].partition(":")[2]
                assert tag not in ("", "latest") or "@sha256:" in container["image"]


def test_the_same_keys_extend_every_component(helm: Helm) -> None:
    manifests = helm.template(CHART / "ci" / "extended-values.yaml")
    kept = (
        "affinity", "dnsConfig", "hostAliases", "initContainers", "nodeSelector",
        "priorityClassName", "schedulerName", "terminationGracePeriodSeconds", "tolerations",
    )  # fmt: skip
    pods = dict(list_pods(manifests))
    one, other = (pods[f"gpu-embedding-{name}"] for name in ("server", "operator"))
    for key in kept:
        assert one[key] == other[key], key
    assert one["nodeSelector"] == {"pool": "ml", "disk": "nvme"}
    assert [each["key"] for each in one["tolerations"]] == ["pool", "disk"]
    for pod in (one, other):
        assert [each["name"] for each in pod["containers"]][1:] == ["beside"]
        assert pod["securityContext"]["supplementalGroups"] == [2000]
        assert pod["containers"][0]["securityContext"]["runAsUser"] == 12345
        assert {"name": "more", "mountPath": "/more"} in pod["containers"][0]["volumeMounts"]
        (spread,) = pod["topologySpreadConstraints"]
        assert "app.kubernetes.io/component" in spread["labelSelector"]["matchLabels"]
