"""What tests of `gpu-embedding embed` need besides the real thing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet

from embedding_service.cli.bulk.encoders import Identity, Vectors
from embedding_service.vectors import Matrix
from fakes import vector_of

IDENTITY = Identity("fake", "f" * 64)


def matrix_of(texts: Sequence[str]) -> Matrix:
    """The fake's vectors."""
    return np.array([vector_of(text) for text in texts], np.float32)


class FakeEncoder:
    """Keeps what it was asked; raises `failure` once `failure_after` requests were answered."""

    def __init__(self) -> None:
        self.identity = IDENTITY
        self.asked: list[list[str]] = []
        self.failure: BaseException | None = None
        self.failure_after = 0
        self.truncated = list[int]()

    async def identify(self) -> Identity:
        return self.identity

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.failure is not None and len(self.asked) >= self.failure_after:
            raise self.failure
        self.asked.append(list(texts))
        return Vectors(matrix_of(texts), self.truncated)


def read_output(path: Path, field: str = "embedding") -> tuple[list[dict[str, Any]], Matrix]:
    """The rows of an output, and their vectors in a matrix."""
    match path.suffix:
        case ".npy":
            return [], np.load(path)
        case ".jsonl":
            rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        case _:
            rows = pyarrow.parquet.read_table(path).to_pylist()
    vectors = [row.pop(field) for row in rows]
    return rows, np.array(vectors, np.float32)
