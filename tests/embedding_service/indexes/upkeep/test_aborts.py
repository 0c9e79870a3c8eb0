"""FAISS may end its process: that is the child, and what serves goes on."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from blueprints import HNSW
from embedding_service.environment import child_environment
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.upkeep import building
from embedding_service.indexes.upkeep.building import BuildFailed, Workshop
from kept_index import KeptIndex

SUPPORT = Path(__file__).parents[3] / "support"


def test_an_abort_inside_faiss_ends_the_child_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = child_environment()
    environment["PYTHONPATH"] += f"{os.pathsep}{SUPPORT}"
    workshop = Workshop(tmp_path / "building", environment, threads=1)
    segment = concatenate(KeptIndex(rows=700).view.state.parts)
    stored = workshop.store(segment)
    with monkeypatch.context() as patch:
        patch.setattr(building, "_PROGRAM", "aborting_builder")
        with pytest.raises(BuildFailed, match=f"ended with {-signal.SIGABRT}"):
            workshop.build(stored, HNSW)
    assert np.array_equal(stored.segment.matrix, segment.matrix)
    workshop.close()
