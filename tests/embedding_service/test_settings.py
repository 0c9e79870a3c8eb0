import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ByteSize, ValidationError

import embedding_service
from embedding_service.references import Source
from embedding_service.settings import (
    DEFAULT_MODEL,
    GROUPS,
    BadSettings,
    ModelOptions,
    ModelSettings,
    Settings,
    child_environment,
    is_tracing_wanted,
    load_settings,
)


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to work in; what `.env` puts into the environment is taken out again."""
    before = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in os.environ.keys() - before.keys():
        del os.environ[name]


def faults_of(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings) as caught:
        load_settings()
    title, *faults = str(caught.value).splitlines()
    assert title == "bad settings:"
    return [fault.strip() for fault in faults]


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


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORT", "")
    assert load_settings().service_port == 8001


def test_the_file_is_read(working_folder: Path) -> None:
    (working_folder / ".env").write_text("SERVICE_PORT=9001\nEMBEDDING_MODEL=hashing:8\n")
    settings = load_settings()
    assert (settings.service_port, settings.embedding_model) == (9001, "hashing:8")


def test_the_file_loses_against_the_environment(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_folder / ".env").write_text("SERVICE_PORT=9001\n")
    monkeypatch.setenv("SERVICE_PORT", "9002")
    assert load_settings().service_port == 9002


def test_the_file_reaches_the_libraries_underneath(working_folder: Path) -> None:
    (working_folder / ".env").write_text("CUDA_VISIBLE_DEVICES=1\nHF_HOME=/models\n")
    load_settings()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"
    assert os.environ["HF_HOME"] == "/models"


def test_a_byte_order_mark_is_no_part_of_the_first_name(working_folder: Path) -> None:
    (working_folder / ".env").write_bytes(b"\xef\xbb\xbfSERVICE_PORT=9001\n")
    assert load_settings().service_port == 9001


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"SERVICE_HOST=\xe9\n", ".env: cannot be read as UTF-8 ('utf-8' codec"),
        (b"LOG_LEVEL=info\nSERVICE_PORT 9001\n", ".env: line 2 is not of the form NAME=value"),
        (b"EMBEDDING_MODEL='hashing:8\n", ".env: line 1 is not of the form NAME=value"),
        (b"LOG_LEVEL=in\0fo\n", ".env: line 1 is not of the form NAME=value"),
    ],
    ids=["latin", "no sign", "open quote", "nul"],
)
def test_a_file_that_cannot_be_read_is_refused(
    working_folder: Path, content: bytes, told: str
) -> None:
    (working_folder / ".env").write_bytes(content)
    with pytest.raises(BadSettings) as caught:
        load_settings()
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize("value", ["inf", "nan", "1e12"])
@pytest.mark.parametrize("name", ["MAX_WAIT", "SHUTDOWN_GRACE"])
def test_a_period_without_an_end_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fault,) = faults_of(monkeypatch, **{name: value})
    assert fault.startswith(f"{name}: ")


def test_variables_of_others_are_nobody_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORTS", "many")
    load_settings()


def test_overrides_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORT", "9000")
    assert load_settings(service_port=0).service_port == 0


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        setattr(load_settings(), "service_port", 1)  # noqa: B010  mypy would refuse it too


def test_every_bad_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = faults_of(
        monkeypatch,
        SERVICE_PORT="99999",
        EMBEDDING_MODEL="???",
        ALLOWED_MODELS="x=hashing:8,x=hashing:9",
        MODEL_OPTIONS="{not json",
        MODEL_MEMORY_BUDGET="lots",
        LOG_LEVEL="loud",
        MAX_WAIT="-1",
        METRICS_ENABLED="perhaps",
        OTEL_TRACES_EXPORTER="zipkin",
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "LOG_LEVEL",
        "SERVICE_PORT",
        "METRICS_ENABLED",
        "MAX_WAIT",
        "EMBEDDING_MODEL",
        "ALLOWED_MODELS",
        "MODEL_OPTIONS",
        "MODEL_MEMORY_BUDGET",
        "OTEL_TRACES_EXPORTER",
    ]


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


def test_a_process_of_ours_finds_this_package_wherever_it_runs(working_folder: Path) -> None:
    # Without site-packages, where an installed package would be found anyway.
    code = "import importlib.util as u; print(u.find_spec('embedding_service').origin)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env=child_environment(),
        cwd=working_folder,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == embedding_service.__file__


def test_a_process_of_ours_keeps_the_path_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert child_environment()["PYTHONPATH"].split(os.pathsep)[1:] == ["/elsewhere"]


def test_a_memory_size_counts_bytes() -> None:
    assert ModelSettings(model_memory_budget=ByteSize(5)).model_memory_budget == 5


@pytest.mark.parametrize(
    ("environment", "is_wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "search"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "True"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "false"}, True),
    ],
)
def test_traces_are_made_where_opentelemetry_s_variables_ask(
    environment: dict[str, str], is_wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert is_tracing_wanted() is is_wanted
    load_settings()


def test_a_way_to_send_traces_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = faults_of(
        monkeypatch,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4317",
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
    )
    assert (
        fault
        == "OTEL_EXPORTER_OTLP_PROTOCOL: this server speaks http/protobuf alone (given 'grpc')"
    )
