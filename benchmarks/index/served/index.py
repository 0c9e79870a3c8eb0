"""One index of a server."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson
import psutil
import pybase64
from numpy.typing import NDArray

from benchmarks.connection import RequestFailed, build_request
from benchmarks.index.loads import Call
from benchmarks.index.scales import DIMENSION, K
from benchmarks.index.served.server import Server
from embedding_service.vectors import Matrix

_CALM: Final = 3.0
"""Seconds without a change after which nothing more is expected."""
_SETTLE_SECONDS: Final = 1_200.0
_PAUSE: Final = 0.2
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Description:
    """What the API tells of an index."""

    documents: int
    version: int
    memory: int
    """Bytes."""
    estimate: int
    """Bytes that it is to take, built."""
    segments: tuple[tuple[str, int], ...]
    """Engine and live rows of each."""
    unbuilt: int
    """Rows that wait to be built."""


class ServedIndex:
    """Thread-safe but for the connection that it makes for itself."""

    def __init__(self, server: Server, name: str = "bench") -> None:
        self._server = server
        self._name = name
        self._connection = server.connect()

    def create(self, engine: str = "auto", fields: Mapping[str, str] | None = None) -> None:
        """Make it, for vectors alone."""
        body = {
            "name": self._name,
            "model": None,
            "dimension": DIMENSION,
            "engine": engine,
            "fields": dict(fields or {}),
        }
        self._connection.send(build_request("POST", "/api/v1/indexes", orjson.dumps(body)))

    def describe(self) -> Description:
        """As it is now."""
        request = build_request("GET", f"/api/v1/indexes/{self._name}")
        told = orjson.loads(self._connection.send(request))
        segments = tuple((each["engine"], each["live"]) for each in told["segments"])
        return Description(
            documents=told["documents"],
            version=told["version"],
            memory=told["memory_bytes"],
            estimate=told["estimated_memory_bytes"],
            segments=segments,
            unbuilt=told["unbuilt"],
        )

    def build_add(
        self, first: int, rows: Matrix, metadata: Sequence[object] | None = None
    ) -> bytes:
        """A request that adds `rows` under the numbers from `first` on as ids."""
        documents: list[dict[str, object]] = [
            {"id": str(number), "vector": _encode(row)} for number, row in enumerate(rows, first)
        ]
        if metadata is not None:
            for document, each in zip(documents, metadata, strict=True):
                document["metadata"] = each
        path = f"/api/v1/indexes/{self._name}/documents"
        return build_request("POST", path, orjson.dumps({"documents": documents}))

    def build_removal(self, numbers: Sequence[int]) -> bytes:
        """A request that removes documents."""
        path = f"/api/v1/indexes/{self._name}/documents/delete"
        return build_request("POST", path, orjson.dumps({"ids": list(map(str, numbers))}))

    def build_search(self, query: NDArray[np.float32], **more: object) -> bytes:
        """A search by vector; hits tell id and score unless `more` includes otherwise."""
        body = {"vector": _encode(query), "top_k": K, "include": []} | more
        return build_request("POST", f"/api/v1/indexes/{self._name}/search", orjson.dumps(body))

    def add(self, rows: Matrix, first: int = 0, at_once: int = 2_048) -> None:
        """Add without metadata, from one connection."""
        for start in range(0, len(rows), at_once):
            some = rows[start : start + at_once]
            self.send_patiently(self.build_add(first + start, some))

    def send(self, request: bytes) -> bytes:
        """Of the builders above."""
        return self._connection.send(request)

    def send_patiently(self, request: bytes) -> float:
        """Send again while the answer is 429: too many rows wait to be built. Seconds waited."""
        began = time.perf_counter()
        while True:
            refused = time.perf_counter() - began
            try:
                self.send(request)
            except RequestFailed as error:
                if error.status != _TOO_MANY or refused > _SETTLE_SECONDS:
                    raise
                time.sleep(_PAUSE)
            else:
                return refused

    def run_job(self, path: str) -> None:
        """Start a job, `compact` or `snapshots`, and wait for its end. Raises RuntimeError."""
        started = build_request("POST", f"/api/v1/indexes/{self._name}/{path}")
        job = orjson.loads(self.send(started))
        request = build_request("GET", f"/api/v1/indexes/{self._name}/jobs/{job['id']}")
        deadline = time.monotonic() + _SETTLE_SECONDS
        while job["state"] in {"queued", "running"} and time.monotonic() < deadline:
            time.sleep(_PAUSE)
            job = orjson.loads(self.send(request))
        if job["state"] != "succeeded":
            raise RuntimeError(f"the job {path} is {job['state']}: {job['error']}")

    def make_caller(self, requests: Sequence[bytes]) -> Callable[[], Call]:
        """A call sends the request of its number, each maker's over a connection of its own."""

        def make() -> Call:
            connection = self._server.connect()
            return lambda number: connection.send(requests[number])

        return make

    def find(self, requests: Sequence[bytes]) -> list[list[int]]:
        """The numbers that each search finds."""
        answers = (orjson.loads(self._connection.send(request)) for request in requests)
        return [[int(hit["id"]) for hit in answer["results"]] for answer in answers]

    def settle(self) -> Description:
        """Wait until segments are built and stay as they are. Raises TimeoutError."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        last, since = self.describe(), time.monotonic()
        while time.monotonic() < deadline:
            time.sleep(_PAUSE)
            now = self.describe()
            if now.segments != last.segments or now.unbuilt or self._is_building():
                last, since = now, time.monotonic()
            elif time.monotonic() - since > _CALM:
                return now
        raise TimeoutError(f"segments still change after {_SETTLE_SECONDS:g} s: {last.segments}")

    def _is_building(self) -> bool:
        children = psutil.Process(self._server.process.pid).children(recursive=True)
        return any(_is_builder(child) for child in children)


def count_unbuilt(description: Description) -> int:
    """Rows that are searched exactly."""
    return sum(rows for engine, rows in description.segments if engine == "flat")


def _is_builder(process: psutil.Process) -> bool:
    try:
        return any("builder" in part for part in process.cmdline())
    except psutil.Error:
        return False


def _encode(vector: NDArray[np.float32]) -> str:
    return pybase64.b64encode_as_string(vector.astype("<f4", copy=False).tobytes())
