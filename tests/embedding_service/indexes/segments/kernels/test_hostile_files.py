"""A file that lies about itself is refused within the memory that there is, whatever it says."""

import resource
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.segments.kernels.graphs import build, read
from index_model import random_matrix

ROWS, DIMENSION = 650, 8
HEADERS = 96
"""Bytes at the beginning of which each is the start of a lie."""
LIES = [struct.pack("<Q", lie) for lie in (2**63 - 1, 2**40, 0)]
MORE = 256 << 20
"""Bytes that reading may take."""


@contextmanager
def little_memory() -> Iterator[None]:
    """Nothing of this process, now a little larger than it is, may grow much."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + MORE, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.parametrize("engine", [Engine.HNSW, Engine.IVF])
def test_a_graph_that_lies_about_its_sizes_is_refused_or_has_its_rows(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "graph"
    matrix = random_matrix(ROWS, DIMENSION)
    with path.open("wb") as file:
        build(engine, matrix, Metric.DOT).write(file.write)
    whole, refused = path.read_bytes(), 0
    elsewhere = np.random.default_rng(0).integers(HEADERS, len(whole) - 8, 40).tolist()
    with little_memory():
        for place in (*range(HEADERS), *elsewhere):
            for lie in LIES:
                path.write_bytes(whole[:place] + lie + whole[place + 8 :])
                try:
                    graph = read(path, engine, Metric.DOT)
                except ValueError:
                    refused += 1
                else:
                    assert graph.matrix.shape == matrix.shape
    assert refused > HEADERS


@pytest.mark.parametrize("engine", [Engine.HNSW, Engine.IVF])
def test_a_graph_that_ends_anywhere_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "graph"
    with path.open("wb") as file:
        build(engine, random_matrix(ROWS, DIMENSION), Metric.DOT).write(file.write)
    whole = path.read_bytes()
    for length in (*range(HEADERS), *range(HEADERS, len(whole), 997), len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="cannot be read by FAISS"):
            read(path, engine, Metric.DOT)
