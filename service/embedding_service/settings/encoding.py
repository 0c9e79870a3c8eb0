"""How texts become vectors, here or elsewhere."""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import ByteSize, Field, SecretStr, ValidationInfo, field_validator

from embedding_service.settings.group import Group, Period


def _default_calibration_folder() -> Path:
    return platformdirs.user_cache_path("gpu-embedding", appauthor=False)


class EngineSettings(Group):
    """How texts become vectors."""

    device: Literal["auto", "cuda", "cpu"] = "auto"
    """`auto` takes CUDA if it works and the CPU, loudly, if not; `cuda` refuses to fall back."""
    cuda_visible_devices: str | None = None
    """Which GPUs, by number or UUID, separated by commas; CUDA reads it. Each one gets a worker."""
    backend: Literal["auto", "packed", "reference"] = "auto"
    """`packed` computes without padding and refuses a model that cannot be; `reference` is
    sentence-transformers' own forward; `auto` packs what can be packed."""
    linears: Literal["auto", "prepacked", "plain"] = "auto"
    """Form of a packed model's weights: oneDNN's or torch's own; `auto` is the faster one here."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """What a packed model computes in. `bfloat16` is taken where it is at least 1.2 times as fast
    and the vectors stay near enough (cosine 0.9999), else float32, loudly."""
    workers: int = Field(default=0, ge=0, le=256)
    """Worker processes of a model on the CPU; 0 is one for each WORKER_THREADS cores that this
    process may use, 16 at most."""
    worker_threads: int = Field(default=0, ge=0, le=256)
    """Threads of one CPU worker; 0 is 1. Where WORKERS is 0 too and there are more than two cores,
    a second of measuring finds both, once for each machine and model."""
    calibration_dir: Path = Field(default_factory=_default_calibration_folder)
    """Folder of what was measured of this machine; unset is this user's folder for such. Where it
    is lost or cannot be written, the next start measures again."""
    tokenizer_threads: int = Field(default=0, ge=0, le=64)
    """Threads that tokenise; 0 is one for each core, 4 at most."""
    max_batch_tokens: int = Field(default=0, ge=0)
    """Tokens in one forward; 0 measures, after a model's load, with how few a forward is nearly as
    fast as with many, up to 2,048 on a CPU and 16,384 on a GPU."""
    max_batch_texts: int = Field(default=256, ge=1)
    """Texts in one forward."""
    max_queue_tokens: int = Field(default=4_000_000, ge=1)
    """Tokens waiting for one model; beyond it requests get 429. A request alone in the queue is
    always taken."""
    max_wait: Period = 30.0
    """Seconds a request may have to wait for its first forward, as predicted from the measured
    rate; beyond it 429."""
    embedding_cache_size: ByteSize = ByteSize(0)
    """Memory for the vectors of texts that were embedded before, for example `256MiB`: a text that
    is found there waits for nothing. 0 keeps none. Who may ask can tell by the time whether
    somebody has asked for the same text."""
    request_timeout: Period = 300.0
    """Seconds after which a request is given up with 504 and what is left of it dropped."""
    forward_timeout: Period = 60.0
    """Seconds after which a forward counts as hung: its worker is killed and its texts are tried
    again."""


class EncoderSettings(Group):
    """Who turns texts into vectors, where this server does not."""

    encoder_url: str = ""
    """Address of another server of this kind that makes the vectors, for example
    `http://embedding:8001`; unset loads the models here."""
    encoder_api_key: SecretStr = SecretStr("")
    """Key of that server, where it asks for one."""
    encoder_api_key_file: Path | None = None
    """File with that key instead. Read again when it changes."""

    @field_validator("encoder_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("use http://… or https://…")
        return value

    @field_validator("encoder_api_key_file")
    @classmethod
    def _check_one_key(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        key = info.data.get("encoder_api_key")
        if value is not None and key is not None and key.get_secret_value():
            raise ValueError("set either ENCODER_API_KEY or ENCODER_API_KEY_FILE")
        return value
