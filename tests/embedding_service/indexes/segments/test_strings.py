"""Strings: what is taken from them and joined is what a list would give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.indexes.segments import strings
from embedding_service.indexes.segments.strings import Strings

COLUMNS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=20)


@given(COLUMNS)
def test_they_are_those_of_the_list(column: list[str]) -> None:
    assert list(Strings.of(column)) == column


@given(COLUMNS, st.data())
def test_some_of_them_in_another_order(column: list[str], data: st.DataObject) -> None:
    several = st.lists(st.integers(0, len(column) - 1), max_size=30) if column else st.just([])
    places = np.array(data.draw(several), dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strings, "_TAKEN_AT_ONCE", 4)
        taken = Strings.of(column).take(places)
    assert list(taken) == [column[place] for place in places.tolist()]


@given(st.lists(COLUMNS, min_size=1, max_size=4))
def test_columns_one_after_the_other(columns: list[list[str]]) -> None:
    joined = Strings.joined([Strings.of(column) for column in columns])
    assert list(joined) == [each for column in columns for each in column]
