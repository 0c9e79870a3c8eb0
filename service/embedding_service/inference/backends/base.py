"""What a backend owes the pipeline, and what it is given."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from embedding_service.inference.backends.imports import import_backend
from embedding_service.vectors import Matrix

Int32s: TypeAlias = NDArray[np.int32]

FailureKind: TypeAlias = Literal["model", "device"]
Dtype: TypeAlias = Literal["float32", "bfloat16"]
Form: TypeAlias = Literal["prepacked", "plain"]
"""Of a packed backend's weights."""


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Texts of one forward as one run of tokens, without padding."""

    ids: Int32s
    """Shape (tokens,): all texts one after the other."""
    lengths: Int32s
    """Shape (texts,): tokens of each."""
    prompt_lengths: Int32s
    """Shape (texts,): leading tokens that are the prompt's; 0 unless pooling leaves prompts out."""
    max_texts: int
    """Never more texts than this in one call of the model."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a backend knows of the model it has loaded; crosses the process boundary as JSON."""

    dimension: int
    max_length: int | None
    architecture: str
    pooling: str
    backend: str
    device: str
    device_name: str
    device_count: int
    device_bytes: int
    """Device memory that the loaded model holds; 0 on a CPU."""
    dtype: str
    leaves_prompt_out: bool
    """Whether pooling skips the prompt's tokens, so that their count must come with every text."""
    vocabulary_size: int
    """Rows of the token embedding; every id below it is safe."""
    tokenizer: str
    """The fast tokenizer, serialised by `tokenizers`."""
    prompts: dict[str, str]
    default_prompt_name: str | None
    versions: dict[str, str]
    linears: Form | None = None
    """None where the backend is not packed."""
    unpacked_because: str | None = None
    """Why a model that was to be packed is not, as a clause; None where it is."""
    float32_because: str | None = None
    """Why a model that was to compute in bfloat16 does not, as a clause; None where it does."""


@dataclass(frozen=True, slots=True)
class LoadSpec:
    """What to load and where; crosses the process boundary as JSON."""

    backend: Literal["packed", "reference", "hashing"]
    """`packed` falls back to `reference`, and says why, unless it `must_pack`."""
    target: str
    """A folder, or for `hashing` the number of dimensions."""
    device: str
    """`cpu` or `cuda:N`."""
    threads: int
    max_length: int | None
    trust_remote_code: bool
    must_pack: bool = False
    linears: Form | Literal["auto"] = "auto"
    """`auto` is whichever is faster on this machine."""
    dtype: Dtype = "float32"
    """What to compute in; `bfloat16` falls back to `float32` where it does not pay, and says so."""


class LoadFailed(Exception):
    """The model cannot be loaded. `kind` says whether another device might do."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Backend(Protocol):
    """One loaded model on one device."""

    facts: Facts

    def prepare_worker(self, threads: int) -> None:
        """Called once in the process that will run forwards, on so many threads."""

    def forward(self, batch: TokenBatch) -> Matrix:
        """Embed the texts of `batch`, in order: shape (texts, dimension), uncut, not normalised."""

    def is_out_of_memory(self, error: Exception) -> bool:
        """Tell whether a smaller batch might succeed where `error` was raised."""

    def is_fatal(self, error: Exception) -> bool:
        """Tell whether the device is lost for this process, so that only a new one can go on."""

    def release_memory(self) -> None:
        """Give cached device memory back after an out-of-memory error."""

    def device_memory(self) -> int:
        """Bytes in use on the device by everybody; 0 without one."""


def load_backend(spec: LoadSpec) -> Backend:
    """Load what `spec` names. Raises LoadFailed."""
    # Imported by name and only there: torch takes seconds, and most processes must never see it.
    backend: Backend = import_backend(spec.backend).load(spec)
    return backend


def facts_from_json(values: dict[str, Any]) -> Facts:
    """The other end of `dataclasses.asdict`."""
    return Facts(**values)
