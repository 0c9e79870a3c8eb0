"""A segment on disk: it comes back as it was, or its damage is named."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric
from embedding_service.indexes.digests import Digest
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.files import DamagedSegment, read, write
from embedding_service.indexes.segments.kernels.graphs import build
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.view import View
from index_model import Row, changes_of, random_matrix

FIELDS = {"n": FieldType.INT, "tag": FieldType.KEYWORD, "all": FieldType.KEYWORDS}
ENGINES = [Engine.FLAT, Engine.HNSW, Engine.IVF]


def segment_of(engine: Engine, rows: int = 650) -> Sealed:
    view = View(Definition("uid", "books", 8, Metric.L2, fields=FIELDS))
    random = np.random.default_rng(0).permutation(rows) + 1
    view.apply(
        changes_of(
            [
                Row(
                    key, version, vector, {"n": key, "tag": f"t{key % 9}", "all": ["x"] * (key % 3)}
                )
                for version, (key, vector) in enumerate(
                    zip(random.tolist(), random_matrix(rows, 8).tolist(), strict=True), start=1
                )
            ],
            8,
        )
    )
    segment = concatenate(view.state.parts)
    if engine is Engine.FLAT:
        return segment
    return segment.with_graph(build(engine, segment.matrix, Metric.L2))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_segment_comes_back_as_it_was(engine: Engine, tmp_path: Path) -> None:
    segment = segment_of(engine)
    digests = write(segment, tmp_path / "segment")
    assert {path.name for path in (tmp_path / "segment").iterdir()} == digests.keys()
    again = read(tmp_path / "segment", digests)
    assert (again.engine, again.metric, again.radius) == (engine, Metric.L2, segment.radius)
    assert np.array_equal(again.keys, segment.keys)
    assert np.array_equal(again.versions, segment.versions)
    assert np.array_equal(again.matrix, segment.matrix)
    assert list(again.ids) == list(segment.ids)
    assert again.columns.keys() == segment.columns.keys()
    assert again.nbytes == segment.nbytes
    assert again.find(segment.keys).tolist() == list(range(len(segment)))
    # Written again it is the same, byte for byte: folders are told apart by their digests.
    assert write(again, tmp_path / "again") == digests


def test_a_segment_without_rows_comes_back(tmp_path: Path) -> None:
    full = segment_of(Engine.FLAT, 3)
    view = View(Definition("uid", "books", 8, Metric.L2, fields=FIELDS))
    empty = concatenate([(view.state.growing, view.state.growing_live)])
    again = read(tmp_path / "segment", write(empty, tmp_path / "segment"))
    assert len(again) == 0
    assert again.find(full.keys).tolist() == [-1, -1, -1]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_flipped_bit_in_any_file_is_named(engine: Engine, tmp_path: Path) -> None:
    digests = write(segment_of(engine), tmp_path / "segment")
    for name, digest in digests.items():
        path = tmp_path / "segment" / name
        whole = path.read_bytes()
        for place in (0, digest.size // 2, digest.size - 1):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(DamagedSegment, match="sha256") as caught:
                read(tmp_path / "segment", digests)
            assert caught.value.file == name
        path.write_bytes(whole)
    read(tmp_path / "segment", digests)


def test_a_file_that_is_cut_or_gone_is_named(tmp_path: Path) -> None:
    digests = write(segment_of(Engine.HNSW), tmp_path / "segment")
    for name in digests:
        path = tmp_path / "segment" / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(DamagedSegment, match="bytes instead of"):
            read(tmp_path / "segment", digests)
        path.unlink()
        with pytest.raises(DamagedSegment, match="is missing"):
            read(tmp_path / "segment", digests)
        path.write_bytes(whole)


def test_files_that_do_not_fit_each_other_are_refused(tmp_path: Path) -> None:
    digests = write(segment_of(Engine.FLAT), tmp_path / "segment")
    path = tmp_path / "segment" / "segment.json"
    described = json.loads(path.read_bytes())
    for change, message in (
        ({"format": 1}, "format 1"),
        ({"rows": 649}, "not fit"),
        ({"engine": "hnsw"}, "not fit"),
        ({"fields": ["n", "tag", "all", "more"]}, "not fit"),
    ):
        path.write_text(json.dumps({**described, **change}))
        with pytest.raises(DamagedSegment, match=message):
            read(tmp_path / "segment", _told_anew(path, digests))
    with pytest.raises(DamagedSegment, match="not among"):
        read(tmp_path / "segment", {})


def _told_anew(path: Path, digests: dict[str, Digest]) -> dict[str, Digest]:
    content = path.read_bytes()
    return {**digests, path.name: Digest(len(content), sha256(content).hexdigest())}
