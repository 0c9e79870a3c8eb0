"""What the pages point at is there, and what is there has its line on a page."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from generate import ROOT

PAGES = sorted(
    path.relative_to(ROOT)
    for folder in (ROOT, ROOT / "docs", ROOT / "examples")
    for path in folder.glob("*.md")
)


def read(page: Path | str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
DEPENDENCIES = {
    Requirement(text).name
    for extra in PROJECT["optional-dependencies"].values()
    for text in extra
    if Requirement(text).name != PROJECT["name"]
}
VERBS = set(re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_within_the_checkout_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)", read(page))
    broken = [
        target + anchor
        for target, anchor in targets
        if not leads_somewhere(ROOT / page.parent / target if target else ROOT / page, anchor)
    ]
    assert broken == []


def leads_somewhere(path: Path, anchor: str) -> bool:
    if not anchor or path.suffix != ".md":
        return path.exists()
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor[1:] in {
        re.sub(r"[^\w\- ]", "", text).lower().replace(" ", "-") for text in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_verb_that_a_page_names_is_in_the_makefile(page: Path) -> None:
    assert set(re.findall(r"`make ([a-z-]+)", read(page))) - VERBS == set()


def test_every_verb_is_explained_and_every_explained_one_exists() -> None:
    makefile = read("Makefile").replace("\\\n", "")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert set(phony.split()) == VERBS


def test_every_dependency_earns_its_line() -> None:
    lines = set(re.findall(r"^\| `([a-z0-9-]+)` \|", read("docs/dependencies.md"), re.MULTILINE))
    assert DEPENDENCIES - lines == set()
    assert lines - DEPENDENCIES == set()


def test_the_changelog_speaks_of_this_version() -> None:
    assert f"[{PROJECT['version']}]" in read("CHANGELOG.md")
