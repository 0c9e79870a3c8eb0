"""The operator's pod, and the file of defaults that it reads."""

from pathlib import Path
from typing import Any

import pytest

from embedding_operator.defaults import Defaults, load_defaults
from embedding_operator.resources.data import DatabaseType, StorageType
from embedding_operator.settings import load_settings
from tests.chart.helm import CHART, VALUES, Helm, Manifest
from tests.chart.in_process import render
from tests.chart.manifests import find, find_all
from tests.chart.trees import build


def read_defaults(manifests: list[Manifest], folder: Path) -> Defaults:
    """As the operator reads them."""
    file = folder / "defaults.yaml"
    file.write_text(find(manifests, "ConfigMap", "-operator-defaults")["data"]["defaults.yaml"])
    return load_defaults(file)


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_it_takes_the_defaults_of_every_file_of_values(
    helm: Helm, tmp_path: Path, values: Path
) -> None:
    manifests = helm.template(values)
    if not find_all(manifests, "Deployment", "-operator"):
        assert values.stem == "tier-only-values"
        return
    defaults = read_defaults(manifests, tmp_path)
    pods = find(manifests, "Deployment", "-operator")["spec"]["template"]["metadata"]["labels"]
    assert defaults.peers.items() <= pods.items(), "the operator's own pods"


def test_indexes_use_the_tier_beside_them(tmp_path: Path) -> None:
    manifests = render({"service": {"port": 80}, "model": {"servedName": "mini"}})
    defaults = read_defaults(manifests, tmp_path)
    service = find(manifests, "Service", "-server")
    assert defaults.encoder.url == f"http://{service['metadata']['name']}.default.svc:80"
    assert defaults.model == "mini"


def test_every_default_can_be_said(helm: Helm, tmp_path: Path) -> None:
    defaults = read_defaults(helm.template(CHART / "ci" / "operator-only-values.yaml"), tmp_path)
    assert defaults.encoder.url == "http://embedding.shared:8001"
    assert defaults.encoder.secret == "tier-key"  # noqa: S105  a name
    assert defaults.database.type is DatabaseType.POSTGRESQL
    assert defaults.database.secret == "postgresql"  # noqa: S105
    assert defaults.storage.type is StorageType.S3
    assert defaults.storage.s3 is not None
    assert defaults.storage.s3.model_dump(exclude={"secret"}) == {
        "bucket": "snapshots",
        "prefix": "search",
        "endpoint": "https://s3.example.com",
        "region": "eu-central-1",
    }
    assert defaults.storage.s3.secret is not None
    assert defaults.bounds.rollouts == 2
    values = {
        "defaults.authSecret": "keys",
        "defaults.allowed.priorityClasses": ["high"],
        "defaults.images.pullSecrets": [{"name": "registry"}],
        "global.storageClass": "fast",
    }
    more = read_defaults(render(build(values)), tmp_path)
    assert more.auth_secret == "keys"  # noqa: S105
    assert more.allowed.priority_classes == ("high",)
    assert more.images.pull_secrets == ("registry",)
    assert more.database.storage_class_name == "fast"


def test_all_settings_of_its_pod_are_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "operator.watch": {"clusterWide": False, "namespaces": ["b", "a"]},
        "operator.concurrency": 4,
        "operator.resyncSeconds": 60,
        "operator.logLevel": "debug",
    }
    manifests = render(build(values), release="search")
    pod = find(manifests, "Deployment", "-operator")["spec"]["template"]["spec"]
    for each in pod["containers"][0]["env"]:
        monkeypatch.setenv(each["name"], each.get("value", "default"))
    settings = load_settings()
    assert settings.operator == "default/search"
    assert settings.watch_namespaces == ("a", "b")
    assert (settings.concurrency, settings.resync, settings.log_level) == (4, 60, "debug")
    named: dict[str, Any] = find(manifests, "Role", "-operator-keys")["rules"][1]
    assert named["resourceNames"] == [f"{settings.operator_release}-operator-keys"]
    (port,) = pod["containers"][0]["ports"]
    assert port["containerPort"] == settings.health_port
    folder = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    assert settings.defaults_file.parent == Path(folder["defaults"])


def test_there_is_never_a_second_one_beside_it(default: list[Manifest]) -> None:
    spec = find(default, "Deployment", "-operator")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
