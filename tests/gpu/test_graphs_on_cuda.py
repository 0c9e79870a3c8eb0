"""Graphs that a GPU has helped to build: as good, and as strict about what does not count."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import orjson
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from blueprints import IVF
from embedding_service.environment import child_environment
from embedding_service.indexes.definition import Definition, Engine, Metric
from embedding_service.indexes.documents import Changes
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.search.planner import Policy
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.devices import is_gpu_build
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.indexes.view import View
from embedding_service.telemetry.index_metrics import IndexMetrics
from index_model import Model, Row, random_matrix, random_rows
from kept_index import DIMENSION, KeptIndex

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not Path("/dev/nvidia0").exists(), reason="no NVIDIA GPU here (/dev/nvidia0)"
    ),
    pytest.mark.skipif(not is_gpu_build(), reason="this FAISS is built for the CPU alone"),
]

GPU = "cuda:0"
ROWS = 20_000
LARGE = 40_000
"""Rows of 384 dimensions: more than are copied to a GPU at once."""


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    opened = Workshop(tmp_path / "building", child_environment(), threads=2)
    yield opened
    opened.close()


def segment_of(rows: int, dimension: int, metric: Metric) -> Sealed:
    """Rows that vary in 32 directions, as vectors of texts do in few."""
    directions = np.random.default_rng(1).standard_normal((32, dimension)) / np.sqrt(32)
    matrix = random_matrix(rows, 32) @ directions.astype(np.float32)
    if metric is Metric.COSINE:
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    numbers = np.arange(1, rows + 1, dtype=np.int64)
    view = View(Definition("uid", "books", dimension, metric), most_growing=rows)
    ids, nothing = [str(number) for number in numbers], np.zeros(rows, dtype=np.bool_)
    view.apply(Changes(numbers, numbers, ids, nothing, matrix, [None] * rows, rows))
    return concatenate(view.state.parts)


@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.DOT, Metric.L2])
def test_a_build_on_the_gpu_reaches_the_target(workshop: Workshop, metric: Metric) -> None:
    built = workshop.build(workshop.store(segment_of(LARGE, 384, metric)), IVF)
    assert (built.device, built.fallback) == (GPU, None)
    assert built.recall >= Tuning().recall


def test_a_gpu_that_cuda_hides_is_not_used(tmp_path: Path) -> None:
    workshop = Workshop(
        tmp_path / "building", {**child_environment(), "CUDA_VISIBLE_DEVICES": ""}, threads=2
    )
    built = workshop.build(workshop.store(segment_of(ROWS, 32, Metric.COSINE)), IVF)
    workshop.close()
    assert (built.device, built.fallback) == ("cpu", None)


def changes() -> list[Row]:
    """A third of the first documents is removed, and a third gets other vectors."""
    others = random_matrix(ROWS, DIMENSION, seed=5).tolist()
    rows: list[Row] = []
    for key in range(1, ROWS + 1):
        if key % 3 != 0:
            vector = None if key % 3 == 1 else others[key - 1]
            rows.append(Row(key, ROWS + len(rows) + 1, vector, {"n": key % 1_000, "tag": "new"}))
    return rows


@pytest.fixture
def index(workshop: Workshop) -> KeptIndex:
    """Built on the GPU, then changed; searched by its graph wherever that has rows that count."""
    kept = KeptIndex(Engine.IVF, rows=ROWS)
    kept.view.policy = Policy(exact_floats=0, exact_share=0.02)
    upkeep = Upkeep(workshop, IndexMetrics(CollectorRegistry()))
    with capture_logs() as logs:
        assert upkeep.look_after([kept])
    assert [(each["log_level"], each["device"]) for each in logs] == [("info", GPU)]
    kept.write(changes())
    return kept


@pytest.mark.parametrize("filter_", [None, {"n": {"lt": 300}}, {"tag": "t3"}])
def test_what_is_removed_replaced_or_filtered_out_never_comes_back(
    index: KeptIndex, filter_: Mapping[str, object] | None
) -> None:
    condition = None if filter_ is None else parse_filter(filter_, index.definition.fields)
    model = Model(index.definition)
    model.apply(random_rows(ROWS, DIMENSION))
    model.apply(changes())
    allowed = {
        (row.key, row.version)
        for row in model.documents.values()
        if condition is None or condition.matches(orjson.dumps(row.metadata))
    }
    queries = random_matrix(ROWS, DIMENSION)[:300]  # what the first documents were, gone or not
    found = index.view.search(queries, 10, condition=condition)
    truth = index.view.search(queries, 10, condition=condition, is_exact=True)
    missed = 0
    for hits, nearest in zip(found.queries, truth.queries, strict=True):
        assert not hits.is_exact
        pairs = set(zip(hits.keys.tolist(), hits.versions.tolist(), strict=True))
        assert len(pairs) == 10
        assert pairs <= allowed
        missed += len(set(nearest.keys.tolist()) - set(hits.keys.tolist()))
    assert missed <= 0.05 * 10 * len(queries)
