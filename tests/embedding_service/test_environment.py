import os
import subprocess
import sys
from pathlib import Path

import pytest

import embedding_service
from bad_settings import faults_of
from embedding_service.environment import (
    BadSettings,
    child_environment,
    is_tracing_wanted,
    load_settings,
)

pytestmark = pytest.mark.usefixtures("working_folder")


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


@pytest.mark.parametrize(
    ("told", "given", "expected"),
    [
        ("flags\t\t: fpu avx2 fma", None, "Haswell"),
        ("flags : avx2 fma avx512f avx512bw avx512cd avx512dq avx512vl", "", "SkylakeX"),
        ("flags : fpu avx2 fma", "Zen", "Zen"),
        ("flags : fpu sse2", None, None),
        ("Features : fp asimd", None, None),
    ],
)
def test_openblas_is_told_what_the_processor_has(
    working_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: str,
    given: str | None,
    expected: str | None,
) -> None:
    (working_folder / "cpuinfo").write_text(f"processor : 0\n{told}\nbugs : none\n")
    monkeypatch.setattr("embedding_service.environment._CPU", working_folder / "cpuinfo")
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    if given is not None:
        monkeypatch.setenv("OPENBLAS_CORETYPE", given)
    load_settings()
    assert os.environ.get("OPENBLAS_CORETYPE") == expected


def test_elsewhere_the_processor_is_not_asked(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedding_service.environment._CPU", working_folder / "nowhere")
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    load_settings()
    assert "OPENBLAS_CORETYPE" not in os.environ


def test_faiss_is_loaded_after_that() -> None:
    """Or OpenBLAS would have chosen already."""
    program = "import embedding_service.__main__, sys; assert 'faiss' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], env=child_environment(), check=True)


def test_variables_of_others_are_nobody_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORTS", "many")
    load_settings()


def test_overrides_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORT", "9000")
    assert load_settings(service_port=0).service_port == 0


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
