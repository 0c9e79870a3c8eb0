"""How each server is asked, and how its answer is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson

from embedding_service.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Dialect:
    """Of one route."""

    path: str
    build: Callable[[Sequence[str]], bytes]
    """The body of a request, in one line."""
    parse: Callable[[bytes], Matrix]
    """The rows of an answer, in the order of the texts."""


def parse_rows(body: bytes) -> Matrix:
    """Of `{"embeddings": [[…], …]}`."""
    return np.array(orjson.loads(body)["embeddings"], dtype=np.float32)


def parse_openai(body: bytes) -> Matrix:
    """Of OpenAI's answer, in floats."""
    rows = orjson.loads(body)["data"]
    return np.array([row["embedding"] for row in rows], dtype=np.float32)


NAIVE: Final = Dialect("/embed", lambda texts: orjson.dumps({"texts": texts}), parse_rows)


def speak_openai(path: str, model: str) -> Dialect:
    """OpenAI's dialect on some path, for a model by its served name."""
    return Dialect(path, lambda texts: orjson.dumps({"model": model, "input": texts}), parse_openai)
