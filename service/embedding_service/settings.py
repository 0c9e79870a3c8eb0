"""Every setting, read once, here and nowhere else.

A setting is an environment variable of the field's name in capitals (`.env` in the working folder
is read first and loses against the environment). Rooms receive the group they need; `Settings` is
all groups in one frozen value.
"""

import json
import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import (
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from embedding_service.references import Reference, parse_reference

DEFAULT_MODEL = "paraphrase-multilingual-mpnet-base-v2"


def _split_at_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


CommaSeparated: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_at_commas)]
_Period: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
_PeriodOrNone: TypeAlias = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ModelOptions(_Group):
    """What one served model does differently; a value of MODEL_OPTIONS."""

    token_ids: Literal["model", "cl100k_base"] = "model"  # noqa: S105  tokens of text
    """Vocabulary of token ids in requests: the model's own, or OpenAI's, decoded to text first."""
    is_matryoshka: bool | None = None
    """Whether the model was trained for fewer `dimensions`; unset asks the model's own
    configuration."""
    max_length: int | None = Field(default=None, ge=8)
    """Tokens a text may have; unset takes the model's own maximum. Enters the fingerprint."""
    trust_remote_code: bool = False
    """Run Python code that the model's repository ships. Read that code first."""


class ModelSettings(_Group):
    """Which models are served."""

    embedding_model: str = DEFAULT_MODEL
    """The default model: `[name=]reference`, where a reference is a hub id (optionally
    `@revision`), a folder (`./model`), `package:NAME` or `hashing:DIM`."""
    allowed_models: CommaSeparated = ()
    """Further models, separated by commas, each `[name=]reference`; loaded when first asked for."""
    model_options: Annotated[dict[str, ModelOptions], NoDecode] = Field(default_factory=dict)
    """JSON object, served name to options: `token_ids`, `is_matryoshka`, `max_length`,
    `trust_remote_code`."""
    model_memory_budget: ByteSize = ByteSize(0)
    """Memory for all loaded models together, for example `8GiB`; beyond it the least recently used
    one is unloaded, but never the default. 0 is no bound."""
    model_load_timeout: _Period = 1800.0
    """Seconds for a model's download and load together."""

    @field_validator("model_options", mode="before")
    @classmethod
    def _read_json(cls, value: object) -> object:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except json.JSONDecodeError as error:
            raise ValueError(f"not a JSON object: {error}") from None

    @field_validator("embedding_model")
    @classmethod
    def _check_default(cls, value: str) -> str:
        parse_reference(value)
        return value

    @field_validator("allowed_models")
    @classmethod
    def _check_allowed(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        default = info.data.get("embedding_model")  # absent where it is wrong itself
        names = [reference.name for reference in _list_references(default, value)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"served under one name twice: {', '.join(twice)}")
        return value

    @field_validator("model_options")
    @classmethod
    def _check_options(
        cls, value: dict[str, ModelOptions], info: ValidationInfo
    ) -> dict[str, ModelOptions]:
        if not {"embedding_model", "allowed_models"} <= info.data.keys():
            return value  # they are wrong and say so themselves
        served = _list_references(info.data["embedding_model"], info.data["allowed_models"])
        names = [reference.name for reference in served]
        if unknown := sorted(set(value) - set(names)):
            raise ValueError(
                f"no model is served as {', '.join(unknown)}; served are {', '.join(names)}"
            )
        return value

    @property
    def references(self) -> tuple[Reference, ...]:
        """The served models, the default first. A default that is also on the list counts once."""
        return _list_references(self.embedding_model, self.allowed_models)


def _list_references(default: str | None, others: tuple[str, ...]) -> tuple[Reference, ...]:
    first = () if default is None else (parse_reference(default),)
    return first + tuple(other for other in map(parse_reference, others) if other not in first)


class EngineSettings(_Group):
    """How texts become vectors."""

    device: Literal["auto", "cuda", "cpu"] = "auto"
    """`auto` takes CUDA if it works and the CPU, loudly, if not; `cuda` refuses to fall back."""
    cuda_visible_devices: str | None = None
    """Which GPUs, by number or UUID, separated by commas; CUDA reads it. Each one gets a worker."""
    workers: int = Field(default=0, ge=0, le=256)
    """Worker processes of a model on the CPU; 0 is one for each core this process may use, 16 at
    most."""
    worker_threads: int = Field(default=1, ge=1, le=256)
    """Threads of one CPU worker."""
    tokenizer_threads: int = Field(default=0, ge=0, le=64)
    """Threads that tokenise; 0 is one for each core, 4 at most."""
    max_batch_tokens: int = Field(default=0, ge=0)
    """Tokens in one forward; 0 is 2,048 on a CPU and 16,384 on a GPU."""
    max_batch_texts: int = Field(default=256, ge=1)
    """Texts in one forward."""
    max_queue_tokens: int = Field(default=4_000_000, ge=1)
    """Tokens waiting for one model; beyond it requests get 429. A request alone in the queue is
    always taken."""
    max_wait: _Period = 30.0
    """Seconds a request may have to wait for its first forward, as predicted from the measured
    rate; beyond it 429."""
    request_timeout: _Period = 300.0
    """Seconds after which a request is given up with 504 and what is left of it dropped."""
    forward_timeout: _Period = 60.0
    """Seconds after which a forward counts as hung: its worker is killed and its texts are tried
    again."""


class Limits(_Group):
    """What one request may bring."""

    max_texts: int = Field(default=10_000, ge=1)
    """Texts in one request."""
    max_body_size: ByteSize = Field(default=ByteSize(64 * 1024**2), ge=1024)
    """Size of a request's body."""
    max_text_chars: int = Field(default=4_000_000, ge=1)
    """Characters of one text."""
    allow_empty_texts: bool = False
    """Embed empty and blank texts instead of refusing them."""


class HttpSettings(_Group):
    """How the server is reached."""

    service_host: str = "0.0.0.0"  # noqa: S104  a server in a container is reached from outside it
    """Address to listen on."""
    service_port: int = Field(default=8001, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
    metrics_enabled: bool = True
    """Serve `/metrics`."""
    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    """Serve `/metrics` on this port instead of the service's."""
    api_keys_file: Path | None = None
    """TOML file of API keys (docs/authentication.md); unset lets everybody in. Read again when it
    changes."""
    cors_origins: CommaSeparated = ()
    """Origins, separated by commas, whose browsers may call; none by default."""
    shutdown_delay: _PeriodOrNone = 0.0
    """Seconds after SIGTERM in which `/readyz` already fails and work is still taken, so that load
    balancers notice."""
    shutdown_grace: _PeriodOrNone = 30.0
    """Seconds after that for what was accepted to finish."""


class ObservabilitySettings(_Group):
    """What is told about it. OpenTelemetry's own variables (OTEL_…) are read by its SDK."""

    log_format: Literal["auto", "json", "console"] = "auto"
    """`auto` is `console` on a terminal, else `json`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""


class Settings(
    ModelSettings, EngineSettings, Limits, HttpSettings, ObservabilitySettings, BaseSettings
):
    """All groups, as the environment gives them."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )


GROUPS: tuple[type[BaseModel], ...] = (
    ModelSettings,
    EngineSettings,
    Limits,
    HttpSettings,
    ObservabilitySettings,
)
"""In the order of docs/settings.md and .env.example."""


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
    theirs there.

    Raises:
        BadSettings: names every setting that is wrong.
    """
    _take_file(Path(".env"))
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
