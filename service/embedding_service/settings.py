"""Every setting: its name, default, bounds and meaning.

A setting is an environment variable of the field's name in capitals; environment.py reads them.
Rooms receive the group they need; `Settings` is all groups in one frozen value.
"""

import json
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import platformdirs
from pydantic import (
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from embedding_service.references import Reference, parse_reference

NO_DATABASE = "none"
_DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
_STORES = ("file:///", "s3://")
DEFAULT_MODEL = "paraphrase-multilingual-mpnet-base-v2"


def _split_at_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


CommaSeparated: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_at_commas)]


def _default_data_folder() -> Path:
    return platformdirs.user_data_path("gpu-embedding", appauthor=False)


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


class IndexSettings(_Group):
    """Where indexes live, and how much of them."""

    data_dir: Path = Field(default_factory=_default_data_folder)
    """Folder of the database file and of snapshots; unset is this user's folder for data."""
    snapshot_url: str = ""
    """Where snapshots lie: `file:///folder`, or `s3://bucket/prefix`, whose keys, region and
    endpoint come from AWS's own variables (AWS_…); unset is the folder `snapshots` in DATA_DIR."""
    snapshots_kept: int = Field(default=7, ge=1)
    """Snapshots of one index that stay, however old they are."""
    snapshots_kept_for: float = Field(default=86_400, ge=0, allow_inf_nan=False)
    """Seconds in which a snapshot stays, however many there are."""
    database_url: str = ""
    """`postgresql://…` where several processes serve the same indexes; unset is a SQLite file in
    DATA_DIR, which one process owns; `none` serves no indexes."""
    max_top_k: int = Field(default=1_000, ge=1, le=10_000)
    """Results of one query."""
    max_queries: int = Field(default=256, ge=1)
    """Queries of one search."""
    max_metadata_size: ByteSize = Field(default=ByteSize(64 * 1024), ge=0)
    """Size of one document's metadata as JSON."""
    max_index_documents: int = Field(default=0, ge=0)
    """Documents of one index; beyond it adds get 507. 0 is no bound."""
    max_index_size: ByteSize = ByteSize(0)
    """Bytes of one index's ids, texts, metadata and vectors; beyond it adds get 507. 0 is no
    bound."""
    max_unbuilt_rows: int = Field(default=500_000, ge=0)
    """Rows of one index that may wait for a graph, and are searched one by one until they have it;
    beyond it adds get 429. 0 is no bound."""
    version_wait: _PeriodOrNone = 5.0
    """Seconds a search waits for its `min_version`; then 503."""

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: str) -> str:
        if value and value != NO_DATABASE and not value.startswith(_DATABASES):
            raise ValueError(f"use one of {', '.join(_DATABASES)}…, or none")
        return value

    @field_validator("snapshot_url")
    @classmethod
    def _check_store(cls, value: str) -> str:
        if value and not value.startswith(_STORES):
            raise ValueError(f"use one of {', '.join(_STORES)}…")
        return value


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
    ModelSettings,
    EngineSettings,
    Limits,
    IndexSettings,
    HttpSettings,
    ObservabilitySettings,
    BaseSettings,
):
    """All groups, as the environment gives them."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )


GROUPS: tuple[type[BaseModel], ...] = (
    ModelSettings,
    EngineSettings,
    Limits,
    IndexSettings,
    HttpSettings,
    ObservabilitySettings,
)
"""In the order of docs/settings.md and .env.example."""
