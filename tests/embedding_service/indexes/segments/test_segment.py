"""A sealed segment: whole, and its rows are found by key."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.indexes.definition import Metric
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.segments.strings import Strings


def segment_of(keys: list[int]) -> Sealed:
    return Sealed(
        metric=Metric.DOT,
        keys=np.array(keys, dtype=np.int64),
        versions=np.arange(len(keys)),
        ids=Strings.of(str(key) for key in keys),
        matrix=np.zeros((len(keys), 2), dtype=np.float32),
        radius=0.0,
        columns={},
    )


@given(keys=st.lists(st.integers(0, 20), unique=True), asked=st.lists(st.integers(-3, 25)))
def test_a_row_is_found_by_its_key(keys: list[int], asked: list[int]) -> None:
    slots = segment_of(keys).find(np.array(asked, dtype=np.int64)).tolist()
    assert slots == [keys.index(key) if key in keys else -1 for key in asked]


def test_a_key_is_in_it_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        segment_of([3, 1, 3])


def test_columns_are_of_one_length() -> None:
    with pytest.raises(ValueError, match="one length"):
        replace(segment_of([1, 2]), versions=np.arange(3))
