"""Documents in Parquet files: all of them, to the bit, and the same bytes for the same rows."""

import io
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.indexes.documents import Document
from embedding_service.indexes.snapshots.parts import decode_part, encode_parts, keys_per_part
from snapshot_sources import DIMENSION, RANGE, document_of

texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=8))


def same(one: Document, other: Document) -> bool:
    described = [(d.key, d.version, d.id, d.text, d.metadata) for d in (one, other)]
    return described[0] == described[1] and one.vector.tobytes() == other.vector.tobytes()


@settings(deadline=None, max_examples=40)
@given(
    keys=st.lists(st.integers(1, 4 * RANGE), max_size=30, unique=True),
    written=st.lists(texts, min_size=1, max_size=5),
    most_bytes=st.integers(1, 1_000),
)
def test_all_documents_come_back_to_the_bit(
    keys: list[int], written: list[str | None], most_bytes: int
) -> None:
    rows = [
        Document(
            key,
            2**62 - key,
            f"id {key}",
            text := written[place % len(written)],
            None if text is None else text.encode(),
            np.array([-0.0, 1e-45, 3.4e38], dtype=np.float32),
        )
        for place, key in enumerate(sorted(keys))
    ]
    parts = list(encode_parts([rows[:3], [], rows[3:]], 3, most_bytes))
    again = list(chain.from_iterable(decode_part(part.content, 3) for part in parts))
    assert len(again) == len(rows)
    assert all(map(same, rows, again))
    for part in parts:
        assert (part.first_key - 1) // keys_per_part(3) == (part.last_key - 1) // keys_per_part(3)
    assert sum(part.rows for part in parts) == len(rows)


def test_a_change_in_one_range_leaves_the_files_of_the_others_alone() -> None:
    rows = [document_of(key, key) for key in (1, 2, RANGE, RANGE + 1, 2 * RANGE + 1)]
    before = [part.content for part in encode_parts([rows], DIMENSION)]
    rows[3] = document_of(RANGE + 1, 9)
    after = [part.content for part in encode_parts([rows[:2], rows[2:]], DIMENSION)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


def test_a_part_opens_with_plain_pyarrow() -> None:
    rows = [document_of(key, key) for key in range(1, 9)]
    (part,) = encode_parts([rows], DIMENSION)
    table = pyarrow.parquet.read_table(io.BytesIO(part.content))
    assert table.column_names == ["id", "key", "version", "text", "metadata", "vector"]
    assert table["text"].to_pylist() == [row.text for row in rows]
    metadata = [row.metadata.decode() if row.metadata else None for row in rows]
    assert table["metadata"].to_pylist() == metadata
    assert table["vector"].to_pylist() == [row.vector.tolist() for row in rows]


@pytest.mark.parametrize(("dimension", "keys"), [(1, 65_536), (384, 8_192), (1_024, 4_096)])
def test_a_part_has_16_mib_of_vectors_at_most(dimension: int, keys: int) -> None:
    assert keys_per_part(dimension) == keys


@pytest.mark.parametrize("keys", [(2, 1), (3, 3), (0,)])
def test_keys_must_ascend_from_1(keys: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="came after"):
        list(encode_parts([[document_of(key, 1) for key in keys]], DIMENSION))


def test_a_file_of_other_columns_is_refused() -> None:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"id": ["a"]}), sink)
    with pytest.raises(ValueError, match="columns"):
        decode_part(sink.getvalue(), DIMENSION)
    (part,) = encode_parts([[document_of(1, 1)]], DIMENSION)
    with pytest.raises(ValueError, match="columns"):
        decode_part(part.content, DIMENSION + 1)
    with pytest.raises(ValueError, match="no Parquet"):
        decode_part(part.content[:-1], DIMENSION)
