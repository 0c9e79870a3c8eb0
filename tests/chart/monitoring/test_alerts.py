"""Each alert fires where it should and is silent where it must be, by Prometheus' own reckoning."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.monitoring.rendering import (
    NAMESPACE,
    RELEASE,
    Manifest,
    list_alerts,
    render_rule,
)
from tests.cluster import programs
from tests.cluster.sites import this_site

# promtool is built from its Go modules the first time, which takes some minutes.
pytestmark = [pytest.mark.chart, pytest.mark.xdist_group("promtool"), pytest.mark.timeout(900)]

CASES: dict[str, dict[str, list[dict[str, Any]]]] = {
    alert: cases
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    # Words alone: 0x120, a hundred and twenty times 0, would be a number.
    for alert, cases in yaml.load(path.read_text("utf-8"), yaml.BaseLoader).items()  # noqa: S506
}
TARGETS = {
    "@TIER@": f'namespace="{NAMESPACE}", job="{RELEASE}-server-metrics"',
    "@INDEXES@": f'job="{NAMESPACE}/{RELEASE}-indexes"',
    "@OPERATOR@": f'job="{NAMESPACE}/{RELEASE}-operator"',
}
LOOK_AT = "120m"


@pytest.fixture(scope="session")
def promtool() -> Path:
    return programs.build_one(this_site(), programs.PROMTOOL)


@pytest.fixture(scope="module")
def rule() -> Manifest:
    return render_rule()


@pytest.fixture
def folder(tmp_path: Path, rule: Manifest) -> Path:
    """One that has the alerts as promtool reads them."""
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
    return tmp_path


def ask(promtool: Path, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [promtool, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_rules(promtool: Path, folder: Path, rule: Manifest) -> None:
    told = ask(promtool, folder, "check", "rules", "--lint-fatal", "rules.yaml")
    assert f"{len(list_alerts(rule))} rules found" in told


def test_every_alert_has_cases_in_which_it_fires_and_in_which_it_is_silent(rule: Manifest) -> None:
    assert CASES.keys() == list_alerts(rule).keys()
    assert [name for name, each in CASES.items() if not (each["fires"] and each["silent"])] == []


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_where_it_should_and_nowhere_else(
    name: str, promtool: Path, folder: Path, rule: Manifest
) -> None:
    alert = list_alerts(rule)[name]
    asked = [
        *(build_case(alert, case, [build_alert(alert, case)]) for case in CASES[name]["fires"]),
        *(build_case(alert, case, []) for case in CASES[name]["silent"]),
    ]
    file = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": asked}
    (folder / "cases.yaml").write_text(yaml.safe_dump(file), encoding="utf-8")
    ask(promtool, folder, "test", "rules", "cases.yaml")


def build_case(alert: Manifest, case: dict[str, Any], expected: list[Manifest]) -> Manifest:
    """One case as promtool takes it."""
    series = [{"series": scrape(name), "values": each} for name, each in case["series"].items()]
    look = {"eval_time": LOOK_AT, "alertname": alert["alert"], "exp_alerts": expected}
    return {
        "name": f"{alert['alert']}: {case['when']}",
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [look],
    }


def build_alert(alert: Manifest, case: dict[str, Any]) -> Manifest:
    """The alert as somebody gets it; `namespace` is the release's where a case names none."""
    labels = {"namespace": NAMESPACE, **alert["labels"], **case.get("labels", {})}
    return {
        "exp_labels": labels,
        "exp_annotations": {**alert["annotations"], "description": case["says"]},
    }


def scrape(series: str) -> str:
    """The series with the labels that scraping gives it."""
    return re.sub(r"@\w+@", lambda found: TARGETS[found[0]], series)
