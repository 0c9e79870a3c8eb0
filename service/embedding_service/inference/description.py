"""What a loaded model says of itself: values that every room may read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """Facts of one loaded model, fixed until it is unloaded."""

    name: str
    reference: str
    fingerprint: str
    """Hex sha256; models with the same one give the same vectors (models/fingerprint.py)."""
    dimension: int
    max_length: int | None
    """Tokens of a text, special tokens included; None has no bound."""
    backend: str
    """Name of the code path: `packed`, `reference` or `hashing`."""
    architecture: str
    """The model's own class, for example `BertModel`."""
    device: str
    """`cpu`, `cuda:0`, …"""
    device_name: str
    dtype: str
    pooling: str
    """Pooling modes as sentence-transformers names them, for example `mean`."""
    is_matryoshka: bool
    """Whether it was trained for fewer dimensions (by its configuration or by MODEL_OPTIONS)."""
    fallback_reason: str | None
    """Why it runs on the CPU although CUDA was wanted; None when it runs where it should."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt_name: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    """Libraries that make the vectors, for example torch; empty for `hashing`."""
    linears: str | None = None
    """Form of the weights of a packed model: `prepacked` (oneDNN's) or `plain`."""
    unpacked_because: str | None = None
    """Why it runs through sentence-transformers' own, padded forward; None where it is packed."""
    float32_because: str | None = None
    """Why it computes in float32 although bfloat16 was wanted; None where it does as wanted."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One line of the list of served models, loaded or not."""

    name: str
    reference: str
    is_default: bool
    state: Literal["unloaded", "loading", "loaded", "failed"]
    description: ModelDescription | None
    """None until it is loaded."""
    memory_bytes: int | None
    """Memory of its processes (proportional set size); None until it is loaded."""
    failure: str | None
    """Why the last load failed."""


@dataclass(frozen=True, slots=True)
class Health:
    """State of the pipeline as the probes need it."""

    is_started: bool
    """The default model's first worker has served; never goes back."""
    is_serving: bool
    """A worker of the default model is alive and not being replaced."""
    is_broken: bool
    """Restarts of a worker have failed for a minute: only a new process can help."""
    default_model: str
    description: ModelDescription | None
    has_gpu: bool
    """Whether the system has an NVIDIA GPU, used or not."""
    detail: str
    """One sentence for people: what is amiss, or `serving`."""
    batch_tokens: int | None = None
    """Tokens that one forward of the default model may have now; None until it is loaded."""
    batch_tokens_from: Literal["setting", "default", "measured"] | None = None
    """Where that comes from."""
    fault: str | None = None
    """Why texts cannot be embedded now, as far as is known."""
