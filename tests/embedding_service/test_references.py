from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.references import Reference, Source, parse_reference

WORDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)
REVISIONS = st.from_regex(r"@[A-Za-z0-9][A-Za-z0-9_./-]{0,20}", fullmatch=True)
PARTS = st.text(st.characters(exclude_characters="/=\0", exclude_categories=["Cs"]), min_size=1)
FOLDERS = st.builds(
    lambda start, parts: start + "/".join(parts),
    st.sampled_from(["/", "./", "../", "./~", "./..", "../../"]),
    st.lists(PARTS, max_size=3),
)
REFERENCES = st.one_of(
    st.builds("{}{}".format, WORDS, st.one_of(st.just(""), REVISIONS)),
    st.builds("{}/{}{}".format, WORDS, WORDS, st.one_of(st.just(""), REVISIONS)),
    st.integers(1, 65_536).map("hashing:{}".format),
    st.from_regex(r"package:[a-z_][a-z_0-9]{0,9}(\.[a-z_][a-z_0-9]{0,9}){0,2}", fullmatch=True),
    FOLDERS.map(str.strip),
)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_./:@-]{0,30}", fullmatch=True)


@given(REFERENCES)
def test_a_reference_written_out_is_read_as_the_same(text: str) -> None:
    reference = parse_reference(text)
    again = parse_reference(str(reference))
    assert replace(again, name=reference.name) == reference
    assert str(again) == str(reference)


@given(REFERENCES)
def test_a_reference_without_a_name_is_served_under_what_was_written(text: str) -> None:
    assert parse_reference(text).name == text


@given(NAMES, REFERENCES)
def test_a_name_changes_nothing_else(name: str, text: str) -> None:
    named = parse_reference(f"{name}={text}")
    assert named == replace(parse_reference(text), name=name)


@given(st.text())
def test_any_text_is_a_reference_or_a_value_error(text: str) -> None:
    try:
        reference = parse_reference(text)
    except ValueError:
        return
    assert reference.name
    assert reference.target


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("mini", Reference("mini", Source.HUB, "mini")),
        ("org/model", Reference("org/model", Source.HUB, "org/model")),
        ("org/model@v1", Reference("org/model@v1", Source.HUB, "org/model", "v1")),
        ("a/b@refs/pr/1", Reference("a/b@refs/pr/1", Source.HUB, "a/b", "refs/pr/1")),
        ("org/model@", Reference("org/model@", Source.HUB, "org/model")),
        ("./model", Reference("./model", Source.FOLDER, "model")),
        ("/models/mini/", Reference("/models/mini/", Source.FOLDER, "/models/mini")),
        ("..", Reference("..", Source.FOLDER, "..")),
        ("package:some.model", Reference("package:some.model", Source.PACKAGE, "some.model")),
        ("hashing:0384", Reference("hashing:0384", Source.HASHING, "384")),
        (" tiny = hashing:8 ", Reference("tiny", Source.HASHING, "8")),
        ("old=./a=b", Reference("old", Source.FOLDER, "a=b")),
    ],
)  # fmt: skip
def test_every_form_is_read(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_reference("~/model").target == str(tmp_path / "model")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no model reference"),
        ("???", "give a hub id"),
        ("a/b/c", "no model reference"),
        ("name=", "no model reference"),
        ("bad name=mini", "no name for a model"),
        ("package:", "no name of a Python package"),
        ("package:a-b", "no name of a Python package"),
        ("hashing:", "from 1 to 65,536"),
        ("hashing:0", "from 1 to 65,536"),
        ("hashing:65537", "from 1 to 65,536"),
        ("hashing:-1", "from 1 to 65,536"),
        ("hashing:" + "9" * 5000, "from 1 to 65,536"),
        ("~nobody-of-this-name/model", "home folder"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_reference(text)
