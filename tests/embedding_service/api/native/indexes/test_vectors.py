"""Vectors of documents: numbers or base64, float32 in the end."""

import base64

import numpy as np

from apis import Api
from documents_sent import add, addition_of
from fake_retrieval import FakeRetrieval


async def test_a_vector_may_come_as_base64(api: Api, retrieval: FakeRetrieval) -> None:
    numbers = np.array([0.1, -3, 1e-8], dtype="<f4")
    await add(api, {"vector": base64.b64encode(numbers.tobytes()).decode()})
    (kept,) = addition_of(retrieval).documents
    assert kept.vector is not None
    assert kept.vector.dtype == np.float32
    assert kept.vector.tolist() == numbers.tolist()


async def test_what_float32_cannot_hold_is_left_to_the_index(
    api: Api, retrieval: FakeRetrieval
) -> None:
    await add(api, {"vector": [1e300, -1e300, 1.0]})
    (kept,) = addition_of(retrieval).documents
    assert kept.vector is not None
    assert kept.vector.tolist() == [np.inf, -np.inf, 1.0]
