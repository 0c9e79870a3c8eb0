"""What goes into the pipeline and what comes out of it: values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from embedding_service.vectors import Matrix

InputType: TypeAlias = Literal["query", "document"]
Side: TypeAlias = Literal["left", "right"]
TokenIds: TypeAlias = list[int]


class TrafficClass(Enum):
    """Who waits for whom: interactive work goes first, bulk keeps a guaranteed share."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


_MOST_INTERACTIVE: Final = 16
"""Texts; a request with more is bulk work, unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a caller says of a request beside what it asks for."""

    traffic: TrafficClass | None = None
    """None goes by the number of its texts, or by the route."""
    timeout: float | None = None
    """Seconds that its vectors may take; None takes the server's own bound."""
    caller: str = ""
    """Whose it is; empty where there are no keys."""

    def class_of(self, inputs: Sequence[object]) -> TrafficClass:
        """A few texts are somebody waiting, many are a job; but the caller's word goes first."""
        if self.traffic is not None:
            return self.traffic
        is_job = len(inputs) > _MOST_INTERACTIVE
        return TrafficClass.BULK if is_job else TrafficClass.INTERACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """Texts, or token ids of the served model, and how to embed them.

    Texts are checked by whoever builds the request (`texts.check_texts`); ids by the embedder.
    """

    inputs: Sequence[str] | Sequence[TokenIds]
    model: str | None = None
    """Served name; None is the default model."""
    normalise: bool = True
    input_type: InputType | None = None
    """Takes the model's own prompt of that kind; None takes its default prompt, if it has one."""
    prompt_name: str | None = None
    """A prompt by its name in the model's configuration; goes before `input_type`."""
    dimensions: int | None = None
    """Keep this many leading dimensions, then normalise."""
    truncate: bool = True
    """Cut what is longer than the model reads; False raises TextTooLong."""
    truncation_side: Side | None = None
    """The end that is cut off; None asks the model's own tokenizer."""
    fingerprint: str | None = None
    """Of the model whose vectors are wanted; None takes those of any."""
    traffic: TrafficClass = TrafficClass.INTERACTIVE
    caller: str = ""
    """Whose it is, as far as turns go: callers of one class take turns by tokens."""
    max_batch_texts: int | None = None
    """Upper bound of texts in any forward that holds one of these."""
    offset: int = 0
    """Position of the first input in the caller's list; errors count from there."""
    timeout: float | None = None
    """Seconds from now until DeadlineExceeded; None takes the server's own bound."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds spent, as the request saw them."""

    tokenisation: float
    queue: float
    """From queued to the start of the first forward that held one of its texts."""
    inference: float
    """From there to the last vector."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors of one request (or of one slice of it), in the order of its inputs."""

    matrix: Matrix
    """Shape (n, d)."""
    model: str
    fingerprint: str
    token_counts: NDArray[np.int32]
    """Shape (n,): tokens the model really read, its special tokens included."""
    truncated: list[int]
    """Positions of inputs that were cut, counted within this slice."""
    warnings: tuple[str, ...]
    """Codes, for example `dimensions-not-trained`."""
    timings: Timings


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text, as the tokenizer sees it."""

    id: int
    text: str
    is_special: bool
    start: int | None
    """Character offsets into the text (half-open); None for special tokens."""
    stop: int | None
