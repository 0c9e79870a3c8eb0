"""Strings in arrays, and words found among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.indexes.segments.strings import Strings
from embedding_service.indexes.segments.vocabularies import MISSING, GrowingWords, SortedWords

words = st.text(st.characters(codec="utf-8"), max_size=4)


@given(strings=st.lists(words))
def test_strings_come_back_as_they_were(strings: list[str]) -> None:
    column = Strings.of(strings)
    assert list(column) == strings
    assert column[:] == strings
    assert column.nbytes == 4 * (len(strings) + 1) + sum(len(each.encode()) for each in strings)


def test_there_is_no_string_beyond_the_last() -> None:
    column = Strings.of(["a", "b"])
    assert column[-1] == "b"
    for place in (2, -3):
        with pytest.raises(IndexError):
            column[place]


def test_offsets_that_do_not_fit_are_refused() -> None:
    column = Strings.of(["a", "b"])
    with pytest.raises(ValueError, match="do not fit"):
        Strings.from_arrays(column.text[:1], column.offsets)


@given(known=st.sets(words, max_size=12), asked=words)
def test_both_vocabularies_find_the_same_words(known: set[str], asked: str) -> None:
    growing, settled = GrowingWords(), SortedWords.of(known)
    for word in known:
        assert growing.add(word) == growing.add(word)
    for vocabulary in (growing, settled):
        assert len(vocabulary) == len(known)
        assert {vocabulary.word(vocabulary.find(word)) for word in known} == known
        assert (vocabulary.find(asked) == MISSING) == (asked not in known)
        for prefix in (asked, asked[:1]):
            found = {vocabulary.word(code) for code in vocabulary.starting_with(prefix).tolist()}
            assert found == {word for word in known if word.startswith(prefix)}
