"""What checkov and trivy find is what is known, no more and no less."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.helm import CHART, Helm
from tests.chart.tools import find_checkov, find_trivy

pytestmark = [pytest.mark.chart, pytest.mark.timeout(300)]

SETS = {"default": None, "hardened": CHART / "ci" / "hardened-values.yaml"}
_FILE = Path(__file__).with_name("accepted_findings.yaml")
ACCEPTED: dict[str, list[dict[str, str]]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))


@pytest.fixture(params=SETS)
def rendered(request: pytest.FixtureRequest, helm: Helm, tmp_path: Path) -> Path:
    """A folder named like the set of values, with all objects of its release."""
    folder = tmp_path / str(request.param)
    folder.mkdir()
    manifests = helm.template(SETS[request.param], namespace="embedding")
    (folder / "all.yaml").write_text(yaml.safe_dump_all(manifests), encoding="utf-8")
    return folder


def test_checkov_finds_what_is_known(rendered: Path) -> None:
    words = (
        "--framework",
        "kubernetes",
        "--quiet",
        "--compact",
        "--skip-download",
        "--output=json",
    )
    said = run(find_checkov(), "--directory", rendered, *words)
    told = json.loads(said)
    assert told["summary"]["passed"] > 250
    assert told["summary"]["parsing_errors"] == 0
    failed = told["results"]["failed_checks"]
    found = {(each["check_id"], each["resource"].split(".")[-1]) for each in failed}
    lines = list(list_accepted("checkov", rendered.name))
    unknown = [each for each in found if not any(is_meant(line, *each) for line in lines)]
    assert unknown == []
    assert [line for line in lines if not any(is_meant(line, *each) for each in found)] == []


def test_trivy_finds_what_is_known(rendered: Path) -> None:
    words = ("--skip-check-update", "--quiet", "--format=json", "--cache-dir")
    said = run(find_trivy(), "config", *words, rendered.parent / "cache", rendered)
    (result,) = json.loads(said)["Results"]
    found = {each["ID"] for each in result["Misconfigurations"]}
    assert found == {line["check"] for line in list_accepted("trivy", rendered.name)}


def test_each_has_a_reason() -> None:
    assert [line for lines in ACCEPTED.values() for line in lines if len(line["why"]) < 20] == []


def list_accepted(judge: str, values: str) -> Iterator[dict[str, str]]:
    return (line for line in ACCEPTED[judge] if line.get("values", values) == values)


def is_meant(line: dict[str, str], check: str, resource: str) -> bool:
    return line["check"] == check and line.get("of", "*") in ("*", resource)


def run(program: Path, *words: Any) -> str:
    """Both end with 1 where they find something."""
    done = subprocess.run(
        [program, *words], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.stdout.startswith("{"), done.stderr
    return done.stdout
