"""Chroma in process, its data in a folder."""

from collections.abc import Sequence
from pathlib import Path

import chromadb
import numpy as np
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from numpy.typing import NDArray

from embedding_service.vectors import Matrix

_NAME = "bench"


class Chroma:
    """A Peer. An effort is HNSW's `ef_search`."""

    efforts: Sequence[float] = (10, 25, 50, 100, 200, 400)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client = self._open()
        self._collection = self._client.create_collection(
            _NAME, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )

    def add(self, first: int, rows: Matrix) -> None:
        """See Peer."""
        ids = [str(number) for number in range(first, first + len(rows))]
        self._collection.add(ids=ids, embeddings=rows)

    def build(self) -> None:
        """See Peer; it has built while it was added to."""

    def prepare(self, effort: float) -> None:
        """See Peer."""
        self._collection.modify(configuration={"hnsw": {"ef_search": int(effort)}})
        # What is open goes on with what it was opened with.
        SharedSystemClient.clear_system_cache()
        self._client = self._open()
        self._collection = self._client.get_collection(_NAME, embedding_function=None)

    def search(self, query: NDArray[np.float32], k: int) -> list[int]:
        """See Peer."""
        found = self._collection.query(
            query_embeddings=query[np.newaxis], n_results=k, include=["distances"]
        )
        return [int(each) for each in found["ids"][0]]

    def close(self) -> None:
        """See Peer."""
        SharedSystemClient.clear_system_cache()

    def _open(self) -> chromadb.ClientAPI:
        return chromadb.PersistentClient(self._folder, Settings(anonymized_telemetry=False))
