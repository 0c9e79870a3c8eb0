import numpy as np
import orjson
import pybase64
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.imports import batches
from embedding_service.cli.index.imports.batches import cut, write
from embedding_service.retrieval.requests import NewDocument


def document(text: str) -> NewDocument:
    return NewDocument(text[:3], text, None, None)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 40)), st.integers(1, 5), st.integers(0, 60))
def test_a_run_that_goes_on_cuts_as_the_first_did(sizes: list[int], most: int, done: int) -> None:
    documents = [(number, document("x" * size)) for number, size in enumerate(sizes, 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "MOST_BYTES", 150)
        whole = list(cut(documents, most))
        ends = [0, *(batch.last for batch in whole)]
        mark = ends[done % len(ends)]
        rest = list(cut([each for each in documents if each[0] > mark], most))
    assert [number for batch in whole for number in batch.numbers] == list(range(1, len(sizes) + 1))
    assert [batch.numbers for batch in whole if batch.last > mark] == [b.numbers for b in rest]
    for batch in whole:
        assert len(batch.numbers) <= most
        assert batch.size <= 150 or len(batch.numbers) == 1


def test_a_document_is_written_as_the_api_takes_it() -> None:
    vector = np.array([1, -2.5], np.float32)
    whole = orjson.loads(write(NewDocument("a", "text", vector, {"year": 1})))
    assert np.frombuffer(pybase64.b64decode(whole.pop("vector")), "<f4").tolist() == [1, -2.5]
    assert whole == {"id": "a", "text": "text", "metadata": {"year": 1}}
    assert orjson.loads(write(NewDocument("a", None, None, None))) == {"id": "a"}


def test_what_is_no_json_is_told() -> None:
    with pytest.raises(Complaint, match="cannot be said in JSON"):
        write(NewDocument("a", "text", None, {"big": 2**70}))


def test_halves_are_the_whole() -> None:
    (batch,) = cut([(number, document("x")) for number in (3, 5, 8)], 9)
    head, tail = batch.halves()
    assert head.numbers + tail.numbers == [3, 5, 8]
    assert head.documents + tail.documents == batch.documents
