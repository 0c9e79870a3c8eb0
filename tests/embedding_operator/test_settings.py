"""The operator's settings, from the environment alone."""

from pathlib import Path

import pytest

from embedding_operator.errors import BadConfiguration
from embedding_operator.settings import Settings, load_settings

NEEDED = {"OPERATOR_NAMESPACE": "system", "DEFAULTS_FILE": "defaults.yaml"}


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in {**NEEDED, **variables}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_a_namespace_and_a_file_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert (settings.operator, settings.defaults_file) == (
        "system/gpu-embedding",
        Path("defaults.yaml"),
    )
    assert (settings.watch_namespaces, settings.concurrency) == ((), 8)


@pytest.mark.parametrize(
    ("text", "names"), [("a", ("a",)), (" a, b ,,", ("a", "b")), ("", ()), (",", ())]
)
def test_namespaces_are_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, text: str, names: tuple[str, ...]
) -> None:
    assert load(monkeypatch, WATCH_NAMESPACES=text).watch_namespaces == names


def test_namespaces_may_be_given_as_such() -> None:
    settings = Settings(
        operator_namespace="system", defaults_file=Path("f"), watch_namespaces=("a",)
    )
    assert settings.watch_namespaces == ("a",)


def test_names_are_no_longer_than_a_field_manager_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = {"OPERATOR_NAMESPACE": "n" * 63, "OPERATOR_RELEASE": "r" * 53}
    assert len(f"{load(monkeypatch, **longest).operator}/claim") <= 128
    for name, value in longest.items():
        with pytest.raises(BadConfiguration, match=name):
            load(monkeypatch, **{**longest, name: value + "x"})


def test_every_fault_is_told_in_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadConfiguration) as caught:
        load(monkeypatch, CONCURRENCY="0", LOG_LEVEL="loud")
    lines = caught.value.message.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["CONCURRENCY", "LOG_LEVEL"]
