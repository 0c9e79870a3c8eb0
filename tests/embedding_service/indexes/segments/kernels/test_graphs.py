"""Graphs: what they find counts, and they are what they were built as."""

from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.kernels.graphs import Graph, Reach, build, read
from index_model import random_matrix

ROWS, DIMENSION = 1_500, 16
ENGINES = [Engine.HNSW, Engine.IVF]


def built(engine: Engine, metric: Metric = Metric.COSINE) -> Graph:
    return build(engine, random_matrix(ROWS, DIMENSION), metric)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("metric", [Metric.DOT, Metric.L2])
def test_a_graph_finds_each_row_by_its_own_vector(engine: Engine, metric: Metric) -> None:
    graph, queries = built(engine, metric), random_matrix(ROWS, DIMENSION)[:50]
    found = graph.find_candidates(queries, 1, Bitmap.full(ROWS), Reach())
    assert sum(place in slots for place, slots in enumerate(found)) >= 49


@pytest.mark.parametrize("engine", ENGINES)
def test_a_graph_keeps_the_rows_it_was_built_over(engine: Engine) -> None:
    matrix = random_matrix(ROWS, DIMENSION)
    kept = build(engine, matrix, Metric.COSINE).matrix  # outlives the graph
    assert np.array_equal(kept, matrix)
    assert not kept.flags.writeable


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3])
def test_a_row_that_does_not_count_is_never_found(engine: Engine, share: float) -> None:
    allowed = Bitmap.of(np.random.default_rng(1).random(ROWS) < share)
    found = built(engine).find_candidates(random_matrix(20, DIMENSION, 2), 30, allowed, Reach())
    for slots in found:
        assert allowed.has(slots).all()
        assert len(set(slots.tolist())) == len(slots)


@pytest.mark.parametrize("engine", ENGINES)
def test_more_than_there_is_may_be_wanted(engine: Engine) -> None:
    queries = random_matrix(2, DIMENSION)
    for slots in built(engine).find_candidates(queries, 10 * ROWS, Bitmap.full(ROWS), Reach()):
        assert 0 < len(slots) <= ROWS
        assert slots.min() >= 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_graph_reads_as_it_was_written(engine: Engine, tmp_path: Path) -> None:
    graph, path = built(engine), tmp_path / "graph"
    with path.open("wb") as file:
        graph.write(file.write)
    again = read(path, engine, Metric.COSINE)
    assert np.array_equal(again.matrix, graph.matrix)
    queries, everything = random_matrix(5, DIMENSION, 3), Bitmap.full(ROWS)
    for one, other in zip(
        graph.find_candidates(queries, 10, everything, Reach()),
        again.find_candidates(queries, 10, everything, Reach()),
        strict=True,
    ):
        assert one.tolist() == other.tolist()
    assert path.stat().st_size == pytest.approx(graph.nbytes, rel=0.15)


def test_a_graph_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    with path.open("wb") as file:
        built(Engine.HNSW).write(file.write)
    for engine, metric in ((Engine.HNSW, Metric.L2), (Engine.IVF, Metric.DOT)):
        with pytest.raises(ValueError, match="is not of"):
            read(path, engine, metric)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="cannot be read"):
        read(path, Engine.HNSW, Metric.DOT)


def test_what_writing_raises_is_raised() -> None:
    def refuse(chunk: bytes) -> None:
        raise OSError(28, f"no space for {len(chunk)} bytes")

    with pytest.raises(OSError, match="no space"):
        built(Engine.HNSW).write(refuse)


def test_a_graph_is_not_built_over_nothing_too_little_or_nan() -> None:
    matrix = random_matrix(ROWS, DIMENSION)
    with pytest.raises(ValueError, match="600 rows"):
        build(Engine.IVF, matrix[:600], Metric.DOT)
    with pytest.raises(ValueError, match="no flat"):
        build(Engine.FLAT, matrix, Metric.DOT)
    matrix[1, 1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        build(Engine.HNSW, matrix, Metric.DOT)


@pytest.mark.parametrize("dimension", [1, 7, 10, 18])
def test_a_dimension_need_not_be_a_multiple_of_four(dimension: int) -> None:
    matrix = np.random.default_rng(0).standard_normal((700, dimension)).astype(np.float32)
    graph = build(Engine.IVF, matrix, Metric.L2)
    (slots,) = graph.find_candidates(matrix[:1], 5, Bitmap.full(700), Reach())
    assert 0 in slots
