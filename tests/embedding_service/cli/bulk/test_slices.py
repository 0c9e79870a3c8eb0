from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.cli.bulk.inputs import Chunk
from embedding_service.cli.bulk.slices import Bounds, blank_numbers, cut, without_blank

Rows = list[list[str | None]]
chunked = st.lists(st.lists(st.none() | st.sampled_from(["", " ", "a", "bb", "c" * 9])))
bounds = st.builds(Bounds, st.integers(1, 5), st.integers(1, 12))


class Memory:
    """An input of chunks that are given."""

    path = Path("memory")
    noun = "row"

    def __init__(self, chunks: Rows) -> None:
        self._chunks = chunks

    def chunks(self) -> Iterator[Chunk]:
        first = 1
        for texts in self._chunks:
            numbers = range(first, first + len(texts))
            columns = pa.record_batch({"n": pa.array(list(numbers), pa.int64())})
            yield Chunk(numbers, texts, columns)
            first += len(texts)


def filled(chunks: Rows) -> list[tuple[int, str]]:
    flat = [text for chunk in chunks for text in chunk]
    return [(n, text) for n, text in enumerate(flat, 1) if text is not None and text.strip()]


@settings(deadline=None)
@given(chunks=chunked, bounds=bounds)
def test_no_text_is_lost_or_moved(chunks: Rows, bounds: Bounds) -> None:
    pieces = list(cut(Memory(chunks), bounds))
    taken = [pair for piece in pieces for pair in zip(piece.numbers, piece.texts, strict=True)]
    assert taken == filled(chunks)
    assert [piece.index for piece in pieces] == list(range(len(pieces)))


@settings(deadline=None)
@given(chunks=chunked, bounds=bounds)
def test_rows_stay_beside_their_texts(chunks: Rows, bounds: Bounds) -> None:
    for piece in cut(Memory(chunks), bounds):
        assert [n for rows in piece.columns for n in rows.column(0).to_pylist()] == piece.numbers


@settings(deadline=None)
@given(chunks=chunked, bounds=bounds)
def test_a_slice_keeps_its_bounds_unless_one_text_is_beyond(chunks: Rows, bounds: Bounds) -> None:
    for piece in cut(Memory(chunks), bounds):
        assert 1 <= len(piece.texts) <= bounds.texts
        assert sum(map(len, piece.texts)) <= bounds.chars or len(piece.texts) == 1


@settings(deadline=None)
@given(chunks=chunked, bounds=bounds)
def test_slices_do_not_depend_on_how_the_file_was_read(chunks: Rows, bounds: Bounds) -> None:
    whole: Rows = [[text for chunk in chunks for text in chunk]]
    one, other = (cut(Memory(rows), bounds) for rows in (chunks, whole))
    assert [piece.texts for piece in one] == [piece.texts for piece in other]


@settings(deadline=None)
@given(chunks=chunked)
def test_every_row_is_blank_or_has_a_text(chunks: Rows) -> None:
    for chunk in Memory(chunks).chunks():
        kept = [*without_blank(chunk).numbers, *blank_numbers(chunk)]
        assert sorted(kept) == list(chunk.numbers)
