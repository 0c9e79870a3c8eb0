"""A sealed segment as a folder of files, each told by its size and sha256.

    segment.json    what the rest is: format, rows, dimension, metric, engine, FAISS's words for it,
                    and what it was to be, where a program has built it that knew
    vectors.f32     rows of little-endian float32; only without a graph
    index.faiss     the graph, with the rows in it
    keys.i64, versions.i64
    ids             UTF-8, one after the other
    ids.offsets     uint64: where each begins, and the end of the last
    columns.npz     numpy arrays, `<field's place in segment.json>.<array>`

Nothing of it is trusted before its digest: FAISS loads a flipped bit without a word. Nothing is
pickled.
"""

import io
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.digests import Digest
from embedding_service.indexes.segments.columns import Column, Numbers, WordLists, Words
from embedding_service.indexes.segments.kernels import graphs
from embedding_service.indexes.segments.kernels.graphs import Reach
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.segments.strings import Strings
from embedding_service.indexes.segments.vocabularies import SortedWords
from embedding_service.vectors import Matrix

FORMAT: Final = 2
_DESCRIPTION: Final = "segment.json"
_GRAPH: Final = "index.faiss"
_VECTORS: Final = "vectors.f32"
_COLUMNS: Final = "columns.npz"
_ROWS_AT_ONCE: Final = 16_384


class DamagedSegment(ValueError):
    """A file of a segment is not what was written; `file` is its name."""

    def __init__(self, folder: Path, file: str, message: str) -> None:
        super().__init__(f"{folder / file} {message}")
        self.file = file


def write(segment: Sealed, folder: Path) -> dict[str, Digest]:
    """Write a segment into a new folder and bring it to the disk; what each file must be.

    Raises OSError, for example when the disk is full, and then leaves what it has written.
    """
    folder.mkdir()
    ids = segment.ids if isinstance(segment.ids, Strings) else Strings.of(segment.ids)
    digests = {
        "keys.i64": _write(folder / "keys.i64", [segment.keys.astype("<i8").tobytes()]),
        "versions.i64": _write(folder / "versions.i64", [segment.versions.astype("<i8").tobytes()]),
        "ids": _write(folder / "ids", [ids.text.tobytes()]),
        "ids.offsets": _write(folder / "ids.offsets", [ids.offsets.astype("<u8").tobytes()]),
        _COLUMNS: _write(folder / _COLUMNS, [_pack(list(segment.columns.values()))]),
        _DESCRIPTION: _write(folder / _DESCRIPTION, [orjson.dumps(_describe(segment))]),
    }
    if segment.graph is None:
        starts = range(0, len(segment), _ROWS_AT_ONCE)
        blocks = (segment.matrix[start : start + _ROWS_AT_ONCE] for start in starts)
        rows = (np.asarray(block, dtype="<f4").tobytes() for block in blocks)
        digests[_VECTORS] = _write(folder / _VECTORS, rows)
    else:
        with _Hashed(folder / _GRAPH) as file:
            segment.graph.write(file.write)
        digests[_GRAPH] = file.digest
    _sync(folder)
    return digests


def read(
    folder: Path, expected: Mapping[str, Digest], already_checked: Collection[str] = ()
) -> Sealed:
    """A segment from its files; a flat one's vectors stay in their file, which must not change.

    Files `already_checked` are not read for their digests again.
    Raises DamagedSegment, and OSError when the disk cannot be read.
    """
    for name, digest in expected.items():
        if name not in already_checked:
            _verify(folder, name, Digest(*digest))
    description = _read_description(folder, expected)
    try:
        return replace(_assemble(folder, description), files=dict(expected))
    except (KeyError, TypeError, ValueError, OverflowError, FileNotFoundError) as error:
        raise DamagedSegment(
            folder, _DESCRIPTION, f"does not fit the other files: {error}"
        ) from error


def _assemble(folder: Path, description: dict[str, Any]) -> Sealed:
    rows, dimension = int(description["rows"]), int(description["dimension"])
    metric, engine = Metric(description["metric"]), Engine(description["engine"])
    graph = None
    if engine is Engine.FLAT:
        matrix = _map_vectors(folder / _VECTORS, rows, dimension)
    else:
        graph = graphs.read(folder / _GRAPH, engine, metric)
        matrix = graph.matrix
    if matrix.shape != (rows, dimension):
        raise ValueError(f"{rows} rows of {dimension} dimensions are {matrix.shape} in the graph")
    offsets = np.fromfile(folder / "ids.offsets", dtype="<u8").astype(np.uint64)
    names = [str(name) for name in description["fields"]]
    return Sealed(
        metric=metric,
        keys=np.fromfile(folder / "keys.i64", dtype="<i8").astype(np.int64),
        versions=np.fromfile(folder / "versions.i64", dtype="<i8").astype(np.int64),
        ids=Strings.from_arrays(np.fromfile(folder / "ids", dtype=np.uint8), offsets),
        matrix=matrix,
        radius=float(description["radius"]),
        columns=dict(zip(names, _unpack(folder / _COLUMNS, len(names)), strict=True)),
        graph=graph,
        reach=None if description["reach"] is None else Reach(**description["reach"]),
        recall=description["recall"],
        made_for=Blueprint.of(made_for) if (made_for := description.get("made_for")) else None,
    )


def _map_vectors(path: Path, rows: int, dimension: int) -> Matrix:
    if not rows:  # an empty file cannot be mapped
        return np.empty((0, dimension), dtype=np.float32)
    return np.memmap(path, dtype=np.float32, mode="r", shape=(rows, dimension))


def _describe(segment: Sealed) -> dict[str, object]:
    return {
        "format": FORMAT,
        "rows": len(segment),
        "dimension": segment.matrix.shape[1],
        "metric": segment.metric,
        "engine": segment.engine,
        "reach": None if segment.reach is None else asdict(segment.reach),
        "recall": segment.recall,
        "made_for": None if segment.made_for is None else segment.made_for.as_json(),
        "radius": segment.radius,
        "fields": list(segment.columns),
        "factory": None if segment.graph is None else segment.graph.factory,
        "faiss": graphs.version(),
    }


def _read_description(folder: Path, expected: Mapping[str, Digest]) -> dict[str, Any]:
    if _DESCRIPTION not in expected:
        raise DamagedSegment(folder, _DESCRIPTION, "is not among its files")
    try:
        description = orjson.loads((folder / _DESCRIPTION).read_bytes())
        version = description["format"]
    except (TypeError, KeyError, ValueError) as error:
        raise DamagedSegment(folder, _DESCRIPTION, "does not describe a segment") from error
    if version != FORMAT:
        raise DamagedSegment(folder, _DESCRIPTION, f"is of format {version}, not {FORMAT}")
    return dict(description)


def _verify(folder: Path, name: str, digest: Digest) -> None:
    try:
        with (folder / name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != digest.size:
                raise DamagedSegment(folder, name, f"has {size:,} bytes instead of {digest.size:,}")
            if file_digest(file, "sha256").hexdigest() != digest.sha256:
                raise DamagedSegment(folder, name, "is not what was written: its sha256 differs")
    except FileNotFoundError:
        raise DamagedSegment(folder, name, "is missing") from None


def _pack(columns: Sequence[Column]) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, NDArray[Any]] = {}
    for place, column in enumerate(columns):
        for name, array in _arrays_of(column).items():
            arrays[f"{place}.{name}"] = array
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _arrays_of(column: Column) -> dict[str, NDArray[Any]]:
    if isinstance(column, Numbers):
        return {"values": column.values, "is_present": column.is_present}
    if not isinstance(column.vocabulary, SortedWords):
        raise TypeError("a sealed segment has sorted words")
    words = column.vocabulary.words
    arrays: dict[str, NDArray[Any]] = {"words": words.text, "word_offsets": words.offsets}
    if isinstance(column, WordLists):
        arrays["offsets"] = column.offsets
    return {**arrays, "codes": column.codes}


def _unpack(path: Path, fields: int) -> Iterator[Column]:
    with np.load(path, allow_pickle=False) as archive:
        for place in range(fields):
            if f"{place}.values" in archive:
                yield Numbers(archive[f"{place}.values"], archive[f"{place}.is_present"])
                continue
            codes = archive[f"{place}.codes"]
            text, word_offsets = archive[f"{place}.words"], archive[f"{place}.word_offsets"]
            words = SortedWords(Strings.from_arrays(text, word_offsets))
            if f"{place}.offsets" in archive:
                yield WordLists(archive[f"{place}.offsets"], codes, words)
            else:
                yield Words(codes, words)


class _Hashed:
    """A new file, hashed while it is written, and on the disk when it is left."""

    digest: Digest

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._hash = sha256()
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def write(self, chunk: bytes) -> None:
        """Add bytes."""
        self._file.write(chunk)
        self._hash.update(chunk)
        self._size += len(chunk)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._file:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
                self.digest = Digest(self._size, self._hash.hexdigest())


def _write(path: Path, chunks: Iterable[bytes]) -> Digest:
    with _Hashed(path) as file:
        for chunk in chunks:
            file.write(chunk)
    return file.digest


def _sync(folder: Path) -> None:
    """Bring the names in a folder to the disk, and the folder's own."""
    for each in (folder, folder.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
