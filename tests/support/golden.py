"""A snapshot as today's program writes it, kept so that later ones can still read it.

    python tests/support/golden.py

writes one beside those of earlier formats; none of them is ever written anew. Beside the store it
holds what must be found in it: the documents, and for each segment some queries with their nearest.
"""

import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric
from embedding_service.indexes.documents import Document
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels import graphs
from embedding_service.indexes.segments.kernels.graphs import Reach
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.snapshots import loading, manifest, manifests, publishing
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.manifest import Manifest
from embedding_service.indexes.snapshots.source import Segments
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.indexes.view import View
from index_model import Row, changes_of, random_matrix
from snapshot_sources import CopiedIndex

FOLDER = Path(__file__).parents[1] / "embedding_service/indexes/snapshots/golden"
FIELDS = {kind.value: kind for kind in FieldType}
DEFINITION = Definition("golden/1", "books", 8, Metric.COSINE, fields=FIELDS)
ROWS = {Engine.FLAT: 12, Engine.HNSW: 40, Engine.IVF: 640}
QUERIES = 3
FILTER = {
    "keyword": {"in": ["k1", "k2"]},
    "keywords": "b",
    "int": {"gte": 2},
    "float": {"lt": 100},
    "bool": {"exists": True},
    "datetime": {"gte": "2026-05-04T03:02:03Z"},
}
_EXPECTED = "expected.json"


def name_of_today() -> str:
    """The file that there must be."""
    return f"snapshot_of_format_{manifest.FORMAT}_with_segments_of_{files.FORMAT}.zip"


def unpack(path: Path, folder: Path) -> dict[str, Any]:
    """Bring the store into `folder`; what must be found in it."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    expected: dict[str, Any] = json.loads((folder / _EXPECTED).read_text(encoding="utf-8"))
    return expected


def describe(folder: Path, cache: Path) -> dict[str, Any]:
    """What is found in the store in `folder`."""
    store, newest = _open(folder)
    segments = loading.fetch_segments(store, DEFINITION.uid, newest, cache)
    return {
        "version": newest.version,
        "documents": describe_documents(folder),
        "segments": [_ask(segment, live) for segment, live in segments.items],
    }


def describe_documents(folder: Path) -> list[list[Any]]:
    """The documents alone, which need no segment."""
    store, newest = _open(folder)
    parts = loading.documents(store, DEFINITION.uid, newest)
    return [_tell(each) for part in parts for each in part]


def _open(folder: Path) -> tuple[BlobStore, Manifest]:
    store = open_store((folder / "store").as_uri())
    newest = manifests.newest(store, DEFINITION.uid)
    assert newest is not None
    return store, newest


def _tell(document: Document) -> list[Any]:
    metadata = None if document.metadata is None else document.metadata.decode()
    vector = document.vector.tolist()
    return [document.key, document.version, document.id, document.text, metadata, vector]


def _ask(segment: Sealed, live: Bitmap) -> dict[str, Any]:
    """What is nearest, of all rows and of those that a filter over every field lets pass."""
    view = View(DEFINITION)
    view.load([(segment, live)], 1_000)
    queries = random_matrix(QUERIES, DEFINITION.dimension, seed=1)
    condition = parse_filter(FILTER, FIELDS)
    found = view.search(queries, 5, is_exact=True)
    passing = view.search(queries, 5, condition=condition, is_exact=True)
    return {
        "engine": segment.engine.value,
        "rows": len(segment),
        "live": live.ones,
        "nearest": [list(hits.ids) for hits in found.queries],
        "passing": [list(hits.ids) for hits in passing.queries],
    }


def _metadata_of(row: int) -> Mapping[str, object]:
    return {
        "keyword": f"k{row % 5}",
        "keywords": ["a", "b", "c"][: row % 4],
        "int": row,
        "float": row / 4,
        "bool": row % 2 == 0,
        "datetime": f"2026-05-04T03:02:{row % 60:02}Z",
    }


def _build_segment(engine: Engine, first: int) -> tuple[Sealed, Bitmap]:
    """Rows with keys from `first`, of which every third is dead."""
    rows = ROWS[engine]
    matrix = random_matrix(rows, DEFINITION.dimension, seed=first)
    view = View(DEFINITION)
    changes = [
        Row(first + row, first + row, vector, _metadata_of(row))
        for row, vector in enumerate(matrix.tolist())
    ]
    view.apply(changes_of(changes, DEFINITION.dimension))
    segment = concatenate(view.state.parts)
    if engine is not Engine.FLAT:
        graph = graphs.build(engine, segment.matrix, segment.metric)
        segment = segment.with_graph(graph, Reach(), 1.0)
    return segment, Bitmap.of(np.arange(rows) % 3 != 0)


def main() -> None:
    """Write one."""
    index = CopiedIndex.of(6)
    index.definition, index.version = DEFINITION, 1_000
    items = [_build_segment(engine, 1 + 1_000 * place) for place, engine in enumerate(ROWS)]
    index.sealed = Segments(index.version, items)
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        publishing.publish(
            open_store((folder / "store").as_uri()),
            index,
            folder / "work",
            created=datetime(2026, 5, 4, tzinfo=UTC),
            libraries={"faiss": graphs.version()},
        )
        expected = json.dumps(describe(folder, folder / "cache"), indent=1, ensure_ascii=False)
        (folder / _EXPECTED).write_text(expected, encoding="utf-8")
        with zipfile.ZipFile(FOLDER / name_of_today(), "x", zipfile.ZIP_DEFLATED) as archive:
            for path in [folder / _EXPECTED, *sorted((folder / "store").rglob("*"))]:
                if path.is_file():
                    archive.write(path, path.relative_to(folder))


if __name__ == "__main__":
    main()
