"""The builder's program, in this process: on a GPU or without, the segment is the same."""

from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

from blueprints import HNSW, IVF
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels import devices
from embedding_service.indexes.segments.kernels.devices import Device
from embedding_service.indexes.upkeep.builder import (
    Order,
    Outcome,
    main,
    read_order,
    read_outcome,
    write_json,
)
from index_model import Row, random_matrix
from kept_index import DIMENSION, KeptIndex

ROWS = 2_000


def refuse(dimension: int, metric_type: int) -> faiss.Index:
    raise RuntimeError(f"no memory for {dimension} dimensions of metric {metric_type} ")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    flat = concatenate(KeptIndex(rows=ROWS).view.state.parts)
    digests = files.write(flat, tmp_path / "flat")
    source, target = str(tmp_path / "flat"), str(tmp_path / "built")
    return Order(source, digests, target, IVF, threads=1, may_use_gpu=True)


def give(monkeypatch: pytest.MonkeyPatch, gpu: Device | None) -> None:
    monkeypatch.setattr(devices, "find_gpu", lambda: gpu)


def test_a_gpu_that_is_there_is_used_and_told(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, Device("cuda:0", faiss.IndexFlat))
    outcome = main(order)
    assert (outcome.device, outcome.fallback) == ("cuda:0", None)
    assert outcome.recall >= 0.98


@pytest.mark.parametrize("gpu", [None, Device("cuda:0", refuse)])
def test_without_a_gpu_the_segment_is_the_same(
    order: Order, monkeypatch: pytest.MonkeyPatch, gpu: Device | None
) -> None:
    give(monkeypatch, Device("cuda:0", faiss.IndexFlat))
    expected = main(replace(order, target=order.target + "_on_a_gpu"))
    give(monkeypatch, gpu)
    outcome = main(order)
    assert outcome.digests == expected.digests
    assert outcome.recall == expected.recall
    assert outcome.device == "cpu"
    assert outcome.fallback == (gpu and "no memory for 16 dimensions of metric 0")


def test_a_gpu_that_may_not_be_used_is_not_looked_for(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, Device("cuda:0", refuse))
    outcome = main(replace(order, may_use_gpu=False))
    assert (outcome.device, outcome.fallback) == ("cpu", None)


def test_what_fails_on_the_cpu_too_is_told(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    flat = concatenate(KeptIndex(rows=20).view.state.parts)
    digests = files.write(flat, Path(order.source).parent / "few")
    few = replace(order, source=str(Path(order.source).parent / "few"), digests=digests)
    give(monkeypatch, Device("cuda:0", faiss.IndexFlat))
    with pytest.raises(ValueError, match="no ivf is built over 20 rows"):
        main(few)


def test_where_equal_rows_cost_hnsw_its_recall_lists_are_built(order: Order) -> None:
    index = KeptIndex(rows=1_200)
    same = random_matrix(1, DIMENSION, 9)[0].tolist()
    index.write([Row(key, 1_200 + key, same) for key in range(1, 201)])
    source = Path(order.source).parent / "equal"
    digests = files.write(concatenate(index.view.state.parts), source)
    outcome = main(replace(order, source=str(source), digests=digests, blueprint=HNSW))
    built = files.read(Path(order.target), outcome.digests)
    assert (built.engine, built.made_for) == (Engine.IVF, HNSW)
    assert outcome.recall >= 0.98


def test_orders_and_outcomes_survive_their_json(order: Order) -> None:
    assert read_order(write_json(order)) == order
    outcome = Outcome(order.digests, float(np.float32(0.5)), "cpu", "out of memory")
    assert read_outcome(write_json(outcome)) == outcome
