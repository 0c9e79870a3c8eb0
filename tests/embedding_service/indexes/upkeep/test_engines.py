"""The engine of a segment: by its size, and by what the index was made with."""

import pytest

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.segments.kernels.graphs import FEWEST_ROWS
from embedding_service.indexes.upkeep.engines import MOST_FLAT, choose_engine


@pytest.mark.parametrize(
    ("wanted", "rows", "chosen"),
    [
        (Engine.FLAT, 10_000_000, Engine.FLAT),
        (Engine.AUTO, MOST_FLAT, Engine.FLAT),
        (Engine.AUTO, MOST_FLAT + 1, Engine.IVF),
        (Engine.IVF, MOST_FLAT, Engine.FLAT),
        (Engine.IVF, MOST_FLAT + 1, Engine.IVF),
        (Engine.HNSW, MOST_FLAT, Engine.FLAT),
        (Engine.HNSW, MOST_FLAT + 1, Engine.HNSW),
    ],
)
def test_a_segment_gets_its_engine_by_size(wanted: Engine, rows: int, chosen: Engine) -> None:
    choice = choose_engine(wanted, rows)
    assert choice.engine is chosen
    assert choice.reason


@pytest.mark.parametrize("wanted", [Engine.AUTO, Engine.IVF, Engine.HNSW])
def test_no_engine_is_chosen_that_cannot_be_built(wanted: Engine) -> None:
    for rows in range(2_000):
        engine = choose_engine(wanted, rows, most_flat=0).engine
        assert rows >= FEWEST_ROWS.get(engine, 0)
