"""A service of indexes, composed as in production, and asked over its API in this process."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from embedding_service.app import Application, build_application
from embedding_service.settings import Settings

DIMENSION = 8
INDEXES = "/api/v1/indexes"
_SECONDS = 60.0
_FINAL = {"succeeded", "failed", "cancelled"}


@dataclass(frozen=True, slots=True)
class Service:
    """One that was started, but for its models: what is added has vectors."""

    application: Application
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: object = None, **parameters: str) -> Any:
        """The JSON of a good answer below /api/v1/indexes."""
        answer = await self.http.request(method, f"{INDEXES}{path}", json=body, params=parameters)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def fault(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Status and code of a refusal."""
        answer = await self.http.request(method, f"{INDEXES}{path}", json=body)
        assert not answer.is_success, answer.text
        return answer.status_code, answer.json()["code"]

    async def create(self, name: str = "books", **wanted: object) -> str:
        """An index of vectors with a declared field `n`; its uid."""
        given = {"model": None, "dimension": DIMENSION, "fields": {"n": "int"}, **wanted}
        uid: str = (await self.ask("POST", "", {"name": name, **given}))["uid"]
        return uid

    async def put(self, rows: range | Sequence[int], name: str = "books", turn: int = 0) -> None:
        """Documents told by numbers; a `turn` makes others of the same ids."""
        documents = [document_of(row, turn) for row in rows]
        await self.ask("POST", f"/{name}/documents", {"documents": documents})

    async def remove(self, rows: range, name: str = "books") -> None:
        """Documents by their numbers."""
        ids = [f"id {row}" for row in rows]
        await self.ask("POST", f"/{name}/documents/delete", {"ids": ids})

    async def work(self, path: str, body: object = None) -> dict[str, Any]:
        """Do a job to its end; what it tells."""
        job = await self.end(path, body)
        assert job["state"] == "succeeded", job
        detail: dict[str, Any] = job["detail"]
        return detail

    async def end(self, path: str, body: object = None) -> dict[str, Any]:
        """Do a job to its end, good or bad."""
        answer = await self.http.post(f"{INDEXES}{path}", json=body)
        assert answer.status_code == 202, answer.text
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            job: dict[str, Any] = (await self.http.get(answer.headers["location"])).json()
            if job["state"] in _FINAL:
                return job
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{path}: not within {_SECONDS:g} s")

    async def documents(self, name: str = "books") -> dict[str, Any]:
        """All of them by id, without versions: text, metadata, vector."""
        found = await self.ask("GET", f"/{name}/documents", limit="1000", include="vector")
        assert found["cursor"] is None
        return {
            each["id"]: (each["text"], each["metadata"], each["vector"])
            for each in found["documents"]
        }

    async def nearest(self, name: str = "books", **wanted: object) -> list[tuple[str, float]]:
        """Ids and scores of what two queries find."""
        vectors = [vector_of(1_000_003, 0), vector_of(1_000_033, 0)]
        body = {"vectors": vectors, "top_k": 20, **wanted}
        answer = await self.ask("POST", f"/{name}/search", body)
        return [
            (hit["id"], hit["score"]) for found in answer["searches"] for hit in found["results"]
        ]


def vector_of(row: int, turn: int) -> list[float]:
    """The same each time, of no particular length."""
    random = np.random.default_rng([row, turn])
    return [float(value) for value in random.standard_normal(DIMENSION, dtype=np.float32)]


def document_of(row: int, turn: int) -> Mapping[str, object]:
    """One with a text and metadata, now and then without."""
    return {
        "id": f"id {row}",
        "text": None if row % 5 == 4 else f"Über {row} at {turn} \U0001f40b",
        "metadata": None if row % 7 == 6 else {"n": row % 10, "other": [row, "é"]},
        "vector": vector_of(row, turn),
    }


@asynccontextmanager
async def serve(folder: Path, **settings: Any) -> AsyncIterator[Service]:
    """On a SQLite file in `folder`, unless the settings say otherwise."""
    given = {"embedding_model": "hashing:8", "data_dir": folder, **settings}
    application = build_application(Settings(**given))
    assert application.retrieval is not None
    assert application.jobs is not None
    try:
        await application.jobs.start()
        await application.retrieval.start()
        transport = httpx.ASGITransport(application.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
            yield Service(application, http)
    finally:
        await application.close()
