"""Devices: whatever compares rows with centroids, the graph is the processor's and the same."""

from dataclasses import dataclass, field
from pathlib import Path

import faiss
import numpy as np
import pytest

from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.kernels import devices
from embedding_service.indexes.segments.kernels.devices import CPU, Device, assigning, training
from embedding_service.indexes.segments.kernels.graphs import Graph, Reach, build, read
from index_model import random_matrix

ROWS, DIMENSION = 2_000, 16
METRICS = [Metric.COSINE, Metric.DOT, Metric.L2]


@dataclass
class StandIn:
    """Flat indexes of the CPU in place of a GPU's; fails at the one numbered `fails_at`."""

    fails_at: int = 0
    made: list[faiss.Index] = field(default_factory=list)

    @property
    def device(self) -> Device:
        return Device("stand-in", self.make_flat)

    def make_flat(self, dimension: int, metric_type: int) -> faiss.Index:
        if len(self.made) + 1 == self.fails_at:
            raise RuntimeError("out of memory")
        self.made.append(faiss.IndexFlat(dimension, metric_type))
        return self.made[-1]


def file_of(graph: Graph) -> bytes:
    pieces: list[bytes] = []
    graph.write(pieces.append)
    return b"".join(pieces)


def address(index: faiss.Index) -> int:
    """Of the object in FAISS, whatever stands for it in Python."""
    return int(index.this)  # type: ignore[attr-defined]  # no stub


def plain(metric: Metric) -> faiss.Index:
    """An untrained index of the kind that is built."""
    metric_type = faiss.METRIC_L2 if metric.is_distance else faiss.METRIC_INNER_PRODUCT
    return faiss.index_factory(DIMENSION, "IVF20,PQ4x4fs,RFlat", metric_type)


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_built_with_a_device_is_what_faiss_builds_without(metric: Metric) -> None:
    matrix, index, bare = random_matrix(ROWS, DIMENSION), plain(metric), plain(metric)
    bare.train(matrix)
    bare.add(matrix)
    stand_in = StandIn()
    with training(index, stand_in.device):
        index.train(matrix)
    with assigning(index, stand_in.device):
        index.add(matrix)
    assert faiss.serialize_index(index).tobytes() == faiss.serialize_index(bare).tobytes()


@pytest.mark.parametrize("metric", METRICS)
def test_a_graph_is_the_same_whatever_device_built_it(metric: Metric, tmp_path: Path) -> None:
    matrix, stand_in = random_matrix(ROWS, DIMENSION), StandIn()
    graph = build(Engine.IVF, matrix, metric, device=stand_in.device)
    assert len(stand_in.made) == 2
    assert {flat.ntotal for flat in stand_in.made} == {graph._lists}
    path = tmp_path / "graph"
    path.write_bytes(file_of(graph))
    assert path.read_bytes() == file_of(build(Engine.IVF, matrix, metric))
    assert np.array_equal(read(path, Engine.IVF, metric).matrix, matrix)


def test_rows_are_compared_on_the_device_for_training_and_for_adding() -> None:
    index, stand_in = plain(Metric.DOT), StandIn()
    ivf, matrix = faiss.extract_index_ivf(index), random_matrix(ROWS, DIMENSION)
    with training(index, stand_in.device):
        index.train(matrix)
    assert stand_in.made[0].ntotal == ivf.nlist  # k-means leaves its centroids there
    own = address(ivf.quantizer)
    with assigning(index, stand_in.device):
        assert address(ivf.quantizer) == address(stand_in.made[1])
    assert address(ivf.quantizer) == own
    assert ivf.clustering_index is None


def test_a_graph_needs_no_device_any_more() -> None:
    stand_in, matrix = StandIn(), random_matrix(ROWS, DIMENSION)
    graph = build(Engine.IVF, matrix, Metric.COSINE, device=stand_in.device)
    assert all(flat.thisown for flat in stand_in.made)  # type: ignore[attr-defined]  # no stub
    stand_in.made.clear()  # which frees them
    allowed = Bitmap.of(np.arange(ROWS) % 3 == 0)
    for slots in graph.find_candidates(matrix[:50], 10, allowed, Reach()):
        assert len(slots) == 10
        assert allowed.has(slots).all()


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_device_that_fails_is_an_error_and_leaves_nothing_behind(fails_at: int) -> None:
    stand_in, matrix = StandIn(fails_at), random_matrix(ROWS, DIMENSION)
    with pytest.raises(RuntimeError, match="out of memory"):
        build(Engine.IVF, matrix, Metric.DOT, device=stand_in.device)
    assert all(flat.thisown for flat in stand_in.made)  # type: ignore[attr-defined]  # no stub
    stand_in.made.clear()
    build(Engine.IVF, matrix, Metric.DOT)


def test_a_device_that_fails_midway_leaves_the_index_its_own_centroids() -> None:
    index, stand_in = plain(Metric.DOT), StandIn()
    ivf, matrix = faiss.extract_index_ivf(index), random_matrix(ROWS, DIMENSION)
    with pytest.raises(RuntimeError, match="lost"), training(index, stand_in.device):
        raise RuntimeError("the GPU is lost")
    index.train(matrix)
    own = address(ivf.quantizer)
    with pytest.raises(RuntimeError, match="lost"), assigning(index, stand_in.device):
        raise RuntimeError("the GPU is lost")
    assert address(ivf.quantizer) == own
    stand_in.made.clear()
    index.add(matrix)


def test_a_row_that_gets_no_list_is_an_error() -> None:
    index, matrix = plain(Metric.L2), random_matrix(ROWS, DIMENSION)
    index.train(matrix)
    with (
        pytest.raises(RuntimeError, match="cpu gave 1 of 2,001 rows no list"),
        assigning(index, CPU),
    ):
        index.add(np.vstack([matrix, np.full((1, DIMENSION), 1e30, dtype=np.float32)]))


def test_a_graph_without_lists_asks_for_no_device() -> None:
    stand_in = StandIn(fails_at=1)
    build(Engine.HNSW, random_matrix(500, DIMENSION), Metric.DOT, device=stand_in.device)
    assert stand_in.made == []


def test_there_is_no_gpu_where_cuda_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 0)
    assert devices.find_gpu() is None


def test_no_gpu_is_asked_for_where_faiss_cannot_use_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(faiss, "StandardGpuResources", raising=False)
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    assert not devices.is_gpu_build()
    assert devices.find_gpu() is None
