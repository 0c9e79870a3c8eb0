from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ByteSize, SecretStr, ValidationError

from bad_settings import faults_of
from embedding_service.environment import BadSettings, load_settings
from embedding_service.references import Source
from embedding_service.settings import (
    DEFAULT_MODEL,
    GROUPS,
    ModelOptions,
    ModelSettings,
    Settings,
)

pytestmark = pytest.mark.usefixtures("working_folder")


def test_the_defaults_serve_the_promised_model_on_the_promised_port() -> None:
    settings = load_settings()
    assert settings.embedding_model == DEFAULT_MODEL
    assert settings.service_port == 8001
    assert settings.max_body_size == 64 * 1024**2
    assert (settings.max_texts, settings.max_text_chars) == (10_000, 4_000_000)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORT", "9000")
    monkeypatch.setenv("MODEL_MEMORY_BUDGET", "8GiB")
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example,")
    settings = load_settings()
    assert settings.service_port == 9000
    assert settings.model_memory_budget == 8 * 1024**3
    assert settings.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("value", ["inf", "nan", "1e12"])
@pytest.mark.parametrize("name", ["MAX_WAIT", "SHUTDOWN_GRACE"])
def test_a_period_without_an_end_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fault,) = faults_of(monkeypatch, **{name: value})
    assert fault.startswith(f"{name}: ")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        setattr(load_settings(), "service_port", 1)  # noqa: B010  mypy would refuse it too


def _values_out_of_bounds() -> Iterator[tuple[str, str]]:
    for group in GROUPS:
        for name, field in group.model_fields.items():
            if field.annotation in {int, float, bool, int | None}:
                yield name.upper(), "no number, no truth"
            for bound in field.metadata:
                if (lowest := getattr(bound, "ge", None)) is not None:
                    yield name.upper(), str(lowest - 1)
                if (highest := getattr(bound, "le", None)) is not None:
                    yield name.upper(), str(highest + 1)


@pytest.mark.parametrize(("name", "value"), list(_values_out_of_bounds()))
def test_a_value_out_of_bounds_is_refused_by_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fault,) = faults_of(monkeypatch, **{name: value})
    assert fault.startswith(f"{name}: ")
    assert value in fault


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_a_group_is_frozen_and_takes_no_strangers(group: type[BaseModel]) -> None:
    with pytest.raises(ValidationError):
        group(no_such_setting=1)
    with pytest.raises(ValidationError):
        setattr(group(), next(iter(group.model_fields)), None)


def test_no_setting_is_in_two_groups() -> None:
    names = [name for group in GROUPS for name in group.model_fields]
    assert len(names) == len(set(names))
    assert set(names) == set(Settings.model_fields)


def test_the_default_model_is_the_first_of_those_served() -> None:
    settings = ModelSettings.model_validate(
        {"embedding_model": "tiny=hashing:8", "allowed_models": "org/model, big=hashing:64"}
    )
    assert [reference.name for reference in settings.references] == ["tiny", "org/model", "big"]
    assert settings.references[1].source is Source.HUB


def test_a_default_that_is_also_on_the_list_counts_once() -> None:
    settings = ModelSettings(embedding_model="hashing:8", allowed_models=("hashing:8", "org/model"))
    assert [reference.name for reference in settings.references] == ["hashing:8", "org/model"]


@given(st.lists(st.sampled_from(["a=hashing:1", "b=hashing:2", "b=hashing:3", "hashing:4"])))
def test_a_name_is_served_once_or_refused(allowed: list[str]) -> None:
    try:
        settings = ModelSettings(embedding_model="hashing:9", allowed_models=tuple(allowed))
    except ValidationError:
        names = [text.partition("=")[0] for text in allowed]
        assert len(names) != len(set(names))
    else:
        served = [reference.name for reference in settings.references]
        assert len(served) == len(set(served)) == len(allowed) + 1


def test_the_list_may_not_use_the_default_s_name_for_another_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (fault,) = faults_of(
        monkeypatch, EMBEDDING_MODEL="x=hashing:8", ALLOWED_MODELS="y=hashing:8,x=hashing:9"
    )
    assert fault.startswith("ALLOWED_MODELS: served under one name twice: x")


def test_a_bad_default_does_not_hide_a_bad_list(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = faults_of(monkeypatch, EMBEDDING_MODEL="???", ALLOWED_MODELS="a/b/c")
    assert [fault.partition(":")[0] for fault in faults] == ["EMBEDDING_MODEL", "ALLOWED_MODELS"]


def test_options_are_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDING_MODEL", "tiny=hashing:8")
    monkeypatch.setenv("MODEL_OPTIONS", '{"tiny": {"token_ids": "cl100k_base", "max_length": 64}}')
    assert load_settings().model_options == {
        "tiny": ModelOptions(token_ids="cl100k_base", max_length=64)  # noqa: S106  tokens of text
    }


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("{", "MODEL_OPTIONS: not a JSON object"),
        ("[]", "MODEL_OPTIONS: "),
        ('{"huge": {}}', "MODEL_OPTIONS: no model is served as huge; served are tiny"),
        ('{"tiny": {"max_length": 1}}', "MODEL_OPTIONS.tiny.max_length: "),
        ('{"tiny": {"max_lenght": 64}}', "MODEL_OPTIONS.tiny.max_lenght: "),
        ('{"tiny": {"token_ids": "gpt2"}}', "MODEL_OPTIONS.tiny.token_ids: "),
    ],
)
def test_bad_options_say_which(options: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDING_MODEL", "tiny=hashing:8")
    (found,) = faults_of(monkeypatch, MODEL_OPTIONS=options)
    assert found.startswith(fault)


def test_options_wait_for_a_good_list_of_models(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = faults_of(monkeypatch, EMBEDDING_MODEL="???", MODEL_OPTIONS='{"huge": {}}')
    assert fault.startswith("EMBEDDING_MODEL: ")


def test_a_memory_size_counts_bytes() -> None:
    assert ModelSettings(model_memory_budget=ByteSize(5)).model_memory_budget == 5


def test_a_database_is_one_of_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = faults_of(monkeypatch, DATABASE_URL="mysql://somewhere/else")
    assert fault.startswith("DATABASE_URL: use one of sqlite:///, postgresql://")


def test_a_store_of_snapshots_is_one_of_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = faults_of(monkeypatch, SNAPSHOT_URL="/some/folder")
    assert fault.startswith("SNAPSHOT_URL: use one of file:///")


def test_documents_are_kept_in_this_user_s_folder_for_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert load_settings().data_dir == tmp_path / "gpu-embedding"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"DATABASE_URL": "none", "DATABASE_URL_FILE": "/f"}, "DATABASE_URL or DATABASE_URL_FILE"),
        ({"ENCODER_API_KEY": "k", "ENCODER_API_KEY_FILE": "/f"}, "ENCODER_API_KEY or"),
        ({"ENCODER_URL": "embedding:8001"}, "http://"),
        ({"AWS_ACCESS_KEY_ID_FILE": "/f"}, "together with AWS_ACCESS_KEY_ID_FILE"),
        ({"AWS_SECRET_ACCESS_KEY_FILE": "/f"}, "together with AWS_ACCESS_KEY_ID_FILE"),
    ],
)
def test_secrets_come_from_one_place(
    values: dict[str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=fault):
        load_settings()


def test_a_key_is_not_told() -> None:
    assert "hunter2" not in repr(Settings(encoder_api_key=SecretStr("hunter2")))
