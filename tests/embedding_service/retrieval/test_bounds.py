from pathlib import Path

import numpy as np
import pytest

from embedding_service.errors import Overloaded
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.errors import OutOfSpace
from embedding_service.indexes.headroom import Headroom
from embedding_service.retrieval.bounds import Bounds
from embedding_service.retrieval.requests import NewDocument

DEFINITION = Definition("u", "articles", 384)
DOCUMENT = NewDocument("a", None, np.zeros(384, dtype=np.float32), None)


def test_rows_that_wait_to_be_built_are_bounded() -> None:
    bounds = Bounds(1.0, max_unbuilt=10)
    bounds.check_growth(DEFINITION, [DOCUMENT], waiting=10)
    with pytest.raises(Overloaded, match=r"11 rows of index 'articles' wait .* MAX_UNBUILT_ROWS"):
        bounds.check_growth(DEFINITION, [DOCUMENT], waiting=11)


def test_without_a_bound_any_number_may_wait() -> None:
    Bounds(1.0).check_growth(DEFINITION, [DOCUMENT], waiting=10**9)


def test_documents_that_memory_has_no_room_for_are_refused(tmp_path: Path) -> None:
    memory = tmp_path / "meminfo"
    memory.write_text("MemTotal: 1000 kB\nMemAvailable: 60 kB\n")
    bounds = Bounds(1.0, headroom=Headroom(None, tmp_path, memory))
    bounds.check_growth(DEFINITION, [DOCUMENT] * 6, waiting=0)
    with pytest.raises(OutOfSpace, match="no memory for more documents"):
        bounds.check_growth(DEFINITION, [DOCUMENT] * 7, waiting=0)
    text = NewDocument("a", "x" * 20_000, None, None)
    with pytest.raises(OutOfSpace):
        bounds.check_growth(DEFINITION, [text], waiting=0)
