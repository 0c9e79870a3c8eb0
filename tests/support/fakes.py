"""An embedder without models, for tests of HTTP alone: it answers, fails or waits as it is told."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import replace

import numpy as np

from embedding_service.errors import FingerprintMismatch
from embedding_service.inference.description import Health, ModelDescription, ServedModel
from embedding_service.inference.embedder import Embedder
from embedding_service.inference.requests import EmbeddingRequest, Embeddings, Timings

DIMENSION = 8
FINGERPRINT = "f" * 64
DESCRIPTION = ModelDescription(
    name="fake", reference="hashing:8", fingerprint=FINGERPRINT, dimension=DIMENSION,
    max_length=64, backend="hashing", architecture="Fake", device="cpu", device_name="a CPU",
    dtype="float32", pooling="mean", is_matryoshka=False, fallback_reason="no driver",
    prompts={"query": "query: "}, versions={"torch": "2"},
)  # fmt: skip
SERVING = Health(True, True, False, "fake", DESCRIPTION, has_gpu=False, detail="serving")


def vector_of(text: object, dimension: int = DIMENSION) -> list[float]:
    """The vector that the fake gives to `text`: always the same, and the same as decimals."""
    seed = int.from_bytes(hashlib.sha256(repr(text).encode("utf-8", "replace")).digest()[:8])
    drawn = np.random.default_rng(seed).integers(-99, 99, dimension)
    return [int(number) / 64 for number in drawn]


class FakeEmbedder(Embedder):
    """Keeps what it was asked; `failure` is raised, `gate` waited for, streams come two by two."""

    def __init__(self) -> None:  # without the real one's processes
        self.requests: list[EmbeddingRequest] = []
        self.failure: Exception | None = None
        self.failure_after = 0  # texts of a stream
        self.gate: asyncio.Event | None = None
        self.gate_after = 0  # calls
        self.held, self.cancelled = asyncio.Event(), asyncio.Event()
        self.state, self.warnings, self.truncated = SERVING, tuple[str, ...](), list[int]()
        self.models = [ServedModel("fake", "hashing:8", True, "loaded", DESCRIPTION, 9, None)]

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        self.requests.append(request)
        if self.gate and len(self.requests) > self.gate_after:
            self.held.set()
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if self.failure:
            raise self.failure
        served = (await self.describe(request.model)).fingerprint
        if request.fingerprint not in {None, served}:
            raise FingerprintMismatch("fake", str(request.fingerprint), served)
        vectors = [vector_of(one, request.dimensions or DIMENSION) for one in request.inputs]
        matrix = np.array(vectors, dtype=np.float32)
        counts = np.array([len(one) for one in request.inputs], dtype=np.int32)
        timings = Timings(0.1, 0.2, 0.3)
        cut, warnings = self.truncated, self.warnings
        return Embeddings(matrix, "fake", served, counts, cut, warnings, timings)

    async def stream(self, request: EmbeddingRequest) -> AsyncGenerator[Embeddings, None]:
        failure, self.failure = self.failure, None
        for start in range(0, len(request.inputs), 2):
            self.failure = failure if start >= self.failure_after else None
            yield await self.embed(replace(request, inputs=request.inputs[start : start + 2]))

    async def describe(self, model: str | None = None) -> ModelDescription:
        return DESCRIPTION

    def served(self) -> list[ServedModel]:
        return self.models

    def health(self) -> Health:
        return self.state
