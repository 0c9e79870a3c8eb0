"""The chart as others get it: packed, signed, shown, and told about truly."""

import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.chart.helm import CHART, Helm, HelmFailed
from tests.chart.in_process import render
from tests.chart.manifests import find
from tests.cluster.sites import ROOT

LARGEST = 1_000_000
"""Bytes of a package."""
IDENTITY = "Chart Tests <chart@example.com>"


@pytest.fixture
def package(each_helm: Helm, tmp_path: Path) -> Path:
    each_helm("package", CHART, "--destination", tmp_path)
    (archive,) = tmp_path.glob("*.tgz")
    return archive


def test_a_package_has_what_a_release_needs_and_no_more(package: Path) -> None:
    assert package.name == "gpu-embedding-0.1.0.tgz"
    assert package.stat().st_size < LARGEST
    with tarfile.open(package) as archive:
        names = {name.removeprefix("gpu-embedding/") for name in archive.getnames()}
    assert not {name for name in names if name.startswith("ci/")}
    assert names >= {
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "UPGRADING.md",
        "examples/cpu.yaml",
        "files/crds/embeddingindexes.yaml",
        "templates/NOTES.txt",
        "values-cpu.yaml",
        "values.schema.json",
    }


def test_a_package_renders_what_the_folder_does(each_helm: Helm, package: Path) -> None:
    assert each_helm.template(chart=package) == each_helm.template()


def test_all_that_is_shown_of_it_can_be_shown(each_helm: Helm, package: Path) -> None:
    shown = each_helm("show", "all", package)
    for text in ("kubeVersion: '>=1.33.0-0'", "# gpu-embedding", "imageRegistry: "):
        assert text in shown


@pytest.mark.skipif(shutil.which("gpg") is None, reason="GnuPG makes the key")
def test_a_signed_package_is_known_and_a_changed_one_is_not(
    each_helm: Helm, tmp_path: Path
) -> None:
    ring = make_key(tmp_path / "gnupg")
    (tmp_path / "passphrase").write_text("\n")
    each_helm(
        "package", CHART, "--destination", tmp_path, "--sign", "--key", IDENTITY,
        "--keyring", ring, "--passphrase-file", tmp_path / "passphrase",
    )  # fmt: skip
    (archive,) = tmp_path.glob("*.tgz")
    assert IDENTITY in each_helm("verify", archive, "--keyring", ring)
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(HelmFailed):
        each_helm("verify", archive, "--keyring", ring)


def make_key(home: Path) -> Path:
    """A ring with one key, which nobody else has."""
    home.mkdir(mode=0o700)
    common = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback"]
    quick = ["--passphrase", "", "--quick-generate-key", IDENTITY, "rsa2048", "sign", "never"]
    subprocess.run([*common, *quick], check=True, capture_output=True)
    export = [*common, "--passphrase", "", "--export-secret-keys"]
    ring = home / "ring.gpg"
    ring.write_bytes(subprocess.run(export, check=True, capture_output=True).stdout)
    return ring


def test_what_the_chart_tells_of_itself_is_so() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert chart["appVersion"] == project["version"]
    assert chart["kubeVersion"] == ">=1.33.0-0"
    assert f"## {chart['version']}" in (CHART / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {chart['version']}" in (CHART / "UPGRADING.md").read_text(encoding="utf-8")
    annotations = chart["annotations"]
    assert yaml.safe_load(annotations["artifacthub.io/changes"])
    manifests = render({})
    defaults = yaml.safe_load(find(manifests, "ConfigMap", "-defaults")["data"]["defaults.yaml"])
    operator = find(manifests, "Deployment", "-operator")["spec"]["template"]["spec"]
    told = {each["image"] for each in yaml.safe_load(annotations["artifacthub.io/images"])}
    assert told == {
        defaults["images"]["index"],
        defaults["images"]["server"],
        operator["containers"][0]["image"],
    }
    assert (CHART / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_every_example_is_in_the_readme() -> None:
    readme = (CHART / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in CHART.glob("examples/*") if path.name not in readme] == []
    assert len(list(CHART.glob("ci/*-values.yaml"))) >= 10
