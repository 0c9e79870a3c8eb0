"""The engine of a segment: by its size, and by what the index was made with."""

import pytest

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.segments.kernels.graphs import FEWEST_ROWS
from embedding_service.indexes.upkeep.engines import choose_engine

MOST = 50_000


@pytest.mark.parametrize(
    ("wanted", "rows", "chosen"),
    [
        (Engine.FLAT, 10_000_000, Engine.FLAT),
        (Engine.AUTO, MOST, Engine.FLAT),
        (Engine.AUTO, MOST + 1, Engine.IVF),
        (Engine.IVF, MOST, Engine.FLAT),
        (Engine.IVF, MOST + 1, Engine.IVF),
        (Engine.HNSW, MOST, Engine.FLAT),
        (Engine.HNSW, MOST + 1, Engine.HNSW),
    ],
)
def test_a_segment_gets_its_engine_by_size(wanted: Engine, rows: int, chosen: Engine) -> None:
    choice = choose_engine(wanted, rows, MOST)
    assert choice.engine is chosen
    assert choice.reason


@pytest.mark.parametrize("wanted", [Engine.AUTO, Engine.IVF, Engine.HNSW])
def test_no_engine_is_chosen_that_cannot_be_built(wanted: Engine) -> None:
    for rows in range(2_000):
        engine = choose_engine(wanted, rows, exact_rows=0).engine
        assert rows >= FEWEST_ROWS.get(engine, 0)
