"""Files of a segment that lie, with digests that fit: refused, and nothing in them is executed."""

import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_service.indexes.definition import Definition, FieldType, Metric
from embedding_service.indexes.digests import Digest
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.files import DamagedSegment, read, write
from embedding_service.indexes.view import View
from index_model import changes_of, random_rows

DIMENSION, ROWS = 4, 30


class Trap:
    """Unpickled, it opens a file that is nowhere."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return open, ("/nowhere/at/all",)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "segment"


@pytest.fixture
def digests(folder: Path) -> dict[str, Digest]:
    view = View(Definition("uid", "books", DIMENSION, Metric.DOT, fields={"n": FieldType.INT}))
    view.apply(changes_of(random_rows(ROWS, DIMENSION), DIMENSION))
    return write(concatenate(view.state.parts), folder)


def read_with(folder: Path, digests: dict[str, Digest], name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    read(folder, {**digests, name: Digest(len(content), sha256(content).hexdigest())})


@pytest.mark.parametrize(
    "lie",
    [
        {"rows": 2**40},
        {"rows": -1},
        {"rows": 2**70},
        {"rows": ROWS + 1},
        {"rows": ROWS // 2, "dimension": 2 * DIMENSION},
        {"dimension": 2**50},
        {"metric": "other"},
        {"engine": "hnsw"},
        {"fields": None},
        {"fields": ["n", "more"]},
        {"radius": "far"},
    ],
    ids=str,
)
def test_a_description_of_what_is_not_there_is_refused(
    lie: dict[str, Any], folder: Path, digests: dict[str, Digest]
) -> None:
    described = json.loads((folder / "segment.json").read_bytes())
    with pytest.raises(DamagedSegment, match="does not fit"):
        read_with(folder, digests, "segment.json", json.dumps(described | lie).encode())


@pytest.mark.parametrize("by", [-1, 1, 2**40])
def test_offsets_beyond_the_text_are_refused(
    by: int, folder: Path, digests: dict[str, Digest]
) -> None:
    offsets = np.fromfile(folder / "ids.offsets", dtype="<u8") + np.uint64(by % 2**64)
    with pytest.raises(DamagedSegment, match="do not fit their text"):
        read_with(folder, digests, "ids.offsets", offsets.astype("<u8").tobytes())


@pytest.mark.parametrize("name", ["0.values", "0.is_present"])
def test_nothing_is_unpickled(name: str, folder: Path, digests: dict[str, Digest]) -> None:
    with np.load(folder / "columns.npz") as archive:
        columns = {each: archive[each] for each in archive.files}
    columns[name] = np.array([Trap()] * ROWS, dtype=object)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **columns)
    with pytest.raises(DamagedSegment, match="allow_pickle"):
        read_with(folder, digests, "columns.npz", buffer.getvalue())
