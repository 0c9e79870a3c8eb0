"""Documents and queries in a plane, for indexes of two dimensions and no model."""

import numpy as np

from embedding_service.indexes.definition import Metric
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.retrieval.requests import Added, Addition, NewDocument, NewIndex, Search
from embedding_service.retrieval.retrieval import Retrieval

VECTORS_ONLY = NewIndex(name="vectors", has_model=False, dimension=2, metric=Metric.DOT)


def texts(*given: str, key: IdempotencyKey | None = None) -> Addition:
    documents = [NewDocument(id=None, text=text, vector=None, metadata=None) for text in given]
    return Addition(documents=documents, key=key)


def vector(x: float, y: float, id: str | None = None, **metadata: object) -> NewDocument:  # noqa: A002
    return NewDocument(id, None, np.array([x, y], dtype=np.float32), metadata or None)


async def add(retrieval: Retrieval, *documents: NewDocument, is_atomic: bool = True) -> Added:
    return await retrieval.add("vectors", Addition(documents=documents, is_atomic=is_atomic))


def query(x: float, y: float) -> Search:
    return Search(matrix=np.array([[x, y]], dtype=np.float32))


async def found(retrieval: Retrieval, search: Search, name: str = "vectors") -> list[str]:
    (answer,) = await retrieval.search(name, search)
    return [hit.id for hit in answer.hits]
