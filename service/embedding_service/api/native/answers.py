"""Shapes of the native answers, for /openapi.json alone: what is sent is written by hand."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Usage(_Answer):
    """True token counts."""

    prompt_tokens: int
    total_tokens: int


class GenerateTimings(_Answer):
    """Seconds spent, as this request saw them."""

    tokenization_seconds: float
    queue_seconds: float
    """From queued to the start of the first forward that held one of its texts."""
    inference_seconds: float
    """From there to the last vector."""
    encoding_seconds: float
    total_seconds: float


class GenerateAnswer(_Answer):
    """Vectors in the order of the texts."""

    embeddings: list[list[float]] | list[str]
    """Numbers, or base64 of little-endian float32."""
    model: str
    dimension: int
    count: int
    usage: Usage
    truncated: list[int]
    """Positions of texts that were cut."""
    warnings: list[str]
    """Codes, also in the header X-Embedding-Warning."""
    timings: GenerateTimings


class HealthAnswer(_Answer):
    """State of the service. What depends on the model is null until it is loaded."""

    status: Literal["healthy", "starting", "unavailable", "broken", "draining"]
    detail: str
    model: str
    reference: str | None
    fingerprint: str | None
    dimension: int | None
    max_length: int | None
    backend: str | None
    """`packed`, or `reference` for sentence-transformers' own forward, which pads; `hashing` makes
    vectors without meaning, for demos and tests."""
    linears: str | None
    """Form of a packed model's weights: `prepacked` or `plain`, whichever is faster here."""
    unpacked_because: str | None
    """Why the model runs through sentence-transformers' own forward."""
    dtype: str | None
    """What it computes in: `float32` or `bfloat16`. Vectors are float32 in any case."""
    float32_because: str | None
    """Why it computes in float32 although bfloat16 was wanted."""
    device: str | None
    device_name: str | None
    gpu_available: bool
    fallback: str | None
    """Why the model runs on the CPU although a GPU was wanted."""
    batch_tokens: int | None
    """Tokens that one forward may have now."""
    batch_tokens_from: Literal["setting", "default", "measured"] | None
    """MAX_BATCH_TOKENS, or what was measured after the load, with the default until then."""
    versions: dict[str, str]
    uptime_seconds: float


class ModelEntry(_Answer):
    """One served model. What it says of itself is null until it is loaded."""

    name: str
    reference: str
    default: bool
    state: Literal["unloaded", "loading", "loaded", "failed"]
    failure: str | None
    memory_bytes: int | None
    fingerprint: str | None
    dimension: int | None
    max_length: int | None
    """Tokens, special tokens included."""
    dtype: str | None
    device: str | None
    device_name: str | None
    fallback: str | None
    backend: str | None
    linears: str | None
    unpacked_because: str | None
    float32_because: str | None
    architecture: str | None
    pooling: str | None
    matryoshka: bool | None
    """Whether it was trained for fewer `dimensions`."""
    prompts: list[str] | None
    """Names of its own prompts."""


class ModelsAnswer(_Answer):
    """The served models, the default first."""

    models: list[ModelEntry]


class ModelAnswer(_Answer):
    """One loaded model, whole."""

    name: str
    reference: str
    fingerprint: str
    """Hex sha256; models with the same one give the same vectors."""
    dimension: int
    max_length: int | None
    """Tokens, special tokens included."""
    backend: str
    architecture: str
    device: str
    device_name: str
    dtype: str
    pooling: str
    matryoshka: bool
    fallback: str | None
    """Why it runs on the CPU although a GPU was wanted."""
    prompts: dict[str, str]
    """Its own prompts by name."""
    default_prompt: str | None
    """Name of the one before texts without an `input_type`."""
    versions: dict[str, str]
    """Libraries that make the vectors."""
    linears: str | None
    """Form of a packed model's weights: `prepacked` or `plain`, whichever is faster there."""
    unpacked_because: str | None
    """Why it runs through sentence-transformers' own forward, which pads."""
    float32_because: str | None
    """Why it computes in float32 although bfloat16 was wanted."""
