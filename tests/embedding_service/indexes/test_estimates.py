"""An estimate is held against what a view of that size says that it takes."""

import pytest

from embedding_service.indexes.definition import Definition, Engine, FieldType
from embedding_service.indexes.estimates import estimate_memory
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import build
from embedding_service.indexes.view import View
from index_model import changes_of, random_rows

ROWS = 2_000
DIMENSION = 128


@pytest.mark.parametrize("engine", [Engine.FLAT, Engine.HNSW, Engine.IVF])
def test_what_is_estimated_is_what_it_takes(engine: Engine) -> None:
    fields = {"n": FieldType.INT, "tag": FieldType.KEYWORD}
    definition = Definition("u", "name", DIMENSION, engine=engine, fields=fields)
    view = View(definition)
    view.apply(changes_of(random_rows(ROWS, DIMENSION), DIMENSION))
    segment = concatenate(view.state.parts)
    if engine is not Engine.FLAT:
        segment = segment.with_graph(build(engine, segment.matrix, segment.metric))
    view.adopt(segment)
    taken = view.describe().nbytes
    assert estimate_memory(definition, ROWS, most_flat=0) == pytest.approx(taken, rel=0.15)


def test_most_of_it_are_the_vectors() -> None:
    plain = Definition("u", "name", 384, engine=Engine.FLAT)
    million = estimate_memory(plain, 1_000_000)
    assert 1_536_000_000 < million < 1.1 * 1_536_000_000
