"""docs/alerts.md has every alert as it is, and what to do about it."""

import re

import pytest
import yaml

from tests.chart.monitoring.rendering import CHART, Manifest, list_alerts, render_rule
from tests.cluster.sites import ROOT

PAGE = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
RULES: dict[str, Manifest] = {
    rule["alert"]: rule
    for path in sorted(CHART.glob("files/rules/*.yaml"))
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}


def test_the_table_has_every_alert_as_it_is() -> None:
    rows = re.findall(
        r"^\| \[(\w+)\]\(#(\w+)\) \| (\w+) \| (\w+) \| (\S*) ?\|$", PAGE, re.MULTILINE
    )
    told = {name: (anchor, severity, time, limit) for name, anchor, severity, time, limit in rows}
    assert told == {
        name: (
            name.lower(),
            rule["labels"]["severity"],
            rule["for"],
            str(rule.get("threshold", "")),
        )
        for name, rule in RULES.items()
    }


def test_every_alert_has_a_section_and_every_section_an_alert() -> None:
    assert re.findall(r"^### (\w+)$", PAGE, re.MULTILINE) == [
        name for part in ("Tier", "Index", "Operator") for name in RULES
        if name.startswith(f"Embedding{part}")
    ]  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_a_section_says_something(name: str) -> None:
    text = PAGE.partition(f"### {name}\n")[2].partition("\n#")[0]
    assert len(text.split()) >= 20


def test_runbook_url_leads_to_the_section() -> None:
    for name, alert in list_alerts(render_rule()).items():
        page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
        headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {text.lower() for text in headings}, name


@pytest.mark.parametrize("name", RULES)
def test_an_alert_says_what_it_is_in_a_sentence_and_where(name: str) -> None:
    rule = RULES[name]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert re.fullmatch(r"[A-Z].{20,90}\.", rule["annotations"]["summary"])
    description = rule["annotations"]["description"]
    assert description.endswith(".")
    assert (
        "{{ $labels.namespace }}" in description
        or "@NAMESPACE@" in description
        or ("@OPERATOR@" in description)
    )
    assert re.search(r"\$value|@FOR@|\$labels\.(index|name)", description)
