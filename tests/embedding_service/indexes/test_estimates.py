"""An estimate is held against what a view of that size says that it takes."""

import pytest

from embedding_service.indexes.definition import Definition, Engine, FieldType
from embedding_service.indexes.estimates import estimate_memory
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.kernels.graphs import build
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.view import View
from index_model import changes_of, random_rows

ROWS = 2_000
DIMENSION = 128


@pytest.mark.parametrize(
    ("engine", "m", "nlist"),
    [
        (Engine.FLAT, 32, None),
        (Engine.HNSW, 32, None),
        (Engine.HNSW, 8, None),
        (Engine.HNSW, 64, None),
        (Engine.IVF, 32, None),
        (Engine.IVF, 32, 16),
    ],
)
def test_what_is_estimated_is_what_it_takes(engine: Engine, m: int, nlist: int | None) -> None:
    fields = {"n": FieldType.INT, "tag": FieldType.KEYWORD}
    tuning = Tuning(exact_rows=0, m=m, ef_construction=2 * m, nlist=nlist)
    definition = Definition("u", "name", DIMENSION, engine=engine, fields=fields, tuning=tuning)
    view = View(definition)
    view.apply(changes_of(random_rows(ROWS, DIMENSION), DIMENSION))
    segment = concatenate(view.state.parts)
    if engine is not Engine.FLAT:
        segment = segment.with_graph(build(engine, segment.matrix, segment.metric, tuning=tuning))
    view.adopt(segment)
    taken = view.describe().nbytes
    assert estimate_memory(definition, ROWS) == pytest.approx(taken, rel=0.15)


def test_most_of_it_are_the_vectors() -> None:
    plain = Definition("u", "name", 384, engine=Engine.FLAT)
    million = estimate_memory(plain, 1_000_000)
    assert 1_536_000_000 < million < 1.1 * 1_536_000_000
