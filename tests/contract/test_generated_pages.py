"""Pages that are made from code are as the code says."""

import io
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from embedding_service.environment import load_settings
from embedding_service.settings import GROUPS, Settings
from generate import PAGES, ROOT

EXAMPLE = ROOT / ".env.example"
NAMES = [name.upper() for group in GROUPS for name in group.model_fields]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_make_generate_writes(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run `make generate`"


@pytest.mark.parametrize("page", [".env.example", "docs/settings.md"])
def test_every_setting_has_its_line(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = set(re.findall(r"^(?:# |\| `)?([A-Z_]+)[=`]", text, re.MULTILINE))
    assert set(NAMES) - shown == set()


def test_every_group_of_settings_is_on_the_pages() -> None:
    assert set(Settings.model_fields) == {name.lower() for name in NAMES}


def test_every_setting_says_what_it_means() -> None:
    described = {name: field.description for name, field in Settings.model_fields.items()}
    assert [name for name, text in described.items() if not text] == []


def test_the_example_sets_what_most_people_change() -> None:
    assert dict(dotenv_values(EXAMPLE)) == {
        "EMBEDDING_MODEL": "paraphrase-multilingual-mpnet-base-v2",
        "SERVICE_PORT": "8001",
        "CUDA_VISIBLE_DEVICES": "0",
    }


def test_the_commented_lines_of_the_example_show_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where no .env is
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    shown = "\n".join(line[2:] for line in lines if re.match(r"# [A-Z_]+=", line))
    values = dotenv_values(stream=io.StringIO(shown))
    defaults = load_settings()
    for name, value in values.items():
        monkeypatch.setenv(name, value or "")
    assert load_settings() == defaults
