"""The environment, read here and nowhere else: `.env` in the working folder, then the variables."""

import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from embedding_service.settings import Settings

_CPU = Path("/proc/cpuinfo")
_KERNELS = (
    ("SkylakeX", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
    ("Haswell", {"avx2", "fma"}),
)
"""OpenBLAS's names for code, the fastest first, and what a processor must have for it."""


def child_environment() -> dict[str, str]:
    """The environment for a process of ours: this one's, in which this package can be imported."""
    root = str(Path(__file__).parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, inherited] if inherited else [root])}


def is_tracing_wanted() -> bool:
    """Whether OpenTelemetry's own variables ask for traces; its SDK reads what else they say."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if exporters := os.environ.get("OTEL_TRACES_EXPORTER"):
        return exporters.strip() != "none"
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return any(os.environ.get(name) for name in endpoints)


class BadSettings(ValueError):
    """Raised with one line for every setting that is wrong."""


def load_settings(**overrides: Any) -> Settings:
    """Read `.env` into the environment where that leaves room, then the environment.

    `.env` goes into the environment itself, because CUDA, the model hub and OpenTelemetry read
    theirs there; so does OpenBLAS, which is told what the processor can do.

    Raises:
        BadSettings: names every setting that is wrong.
    """
    _take_file(Path(".env"))
    _name_kernels()
    faults = list(_find_tracing_faults())
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        faults = [*map(_describe, error.errors(include_url=False)), *faults]
    else:
        if not faults:
            return settings
    raise BadSettings("bad settings:\n" + "\n".join(f"  {fault}" for fault in faults))


def _take_file(path: Path) -> None:
    if not path.exists() or path.is_dir():  # some name the folder of their Python so
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: cannot be read as UTF-8 ({error})") from None
    for part in parse_stream(StringIO(text)):  # the library would go on without a bad line
        if part.error or "\0" in part.original.string:
            raise BadSettings(f"{path}: line {part.original.line} is not of the form NAME=value")
    for name, value in dotenv_values(stream=StringIO(text)).items():
        os.environ[name] = os.environ.get(name) or value or ""  # an empty variable is not set


def _name_kernels() -> None:
    """Have OpenBLAS use what the processor has, unless the user has chosen.

    FAISS brings a version of 2021, which takes a processor that was made later for one of 2004: 32
    queries of 384 dimensions over 100,000 rows then took 99 ms, and take 48 ms with AVX-512.
    """
    try:
        flags = set(_CPU.read_text().partition("\nflags")[2].partition("\n")[0].split())
    except OSError:  # only Linux tells so
        return
    for name, needed in _KERNELS:
        if needed <= flags:
            os.environ["OPENBLAS_CORETYPE"] = os.environ.get("OPENBLAS_CORETYPE") or name
            return


def _find_tracing_faults() -> Iterator[str]:
    if not is_tracing_wanted():
        return
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "")
    if exporter.strip() not in {"", "otlp"}:
        yield f"OTEL_TRACES_EXPORTER: this server has otlp and none (given {exporter!r})"
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        protocol = os.environ.get(name, "")
        if protocol.strip() not in {"", "http/protobuf"}:
            yield f"{name}: this server speaks http/protobuf alone (given {protocol!r})"


def _describe(fault: ErrorDetails) -> str:
    message = fault["msg"].removeprefix("Value error, ")
    first, *others = map(str, fault["loc"])
    name = ".".join([first.upper(), *others])
    given = fault.get("input")
    told = f" (given {given!r})" if isinstance(given, str | int | float) else ""
    return f"{name}: {message}{told}"
