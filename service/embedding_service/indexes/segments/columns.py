"""Columns of declared fields: immutable, one entry a row, and where a comparison holds in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.definition import FieldType
from embedding_service.indexes.filters.tree import Comparison, Operator
from embedding_service.indexes.segments.bitmaps import Mask, Slots
from embedding_service.indexes.segments.vocabularies import MISSING, Codes, SortedWords, Vocabulary

NumberArray: TypeAlias = NDArray[np.int64 | np.float64 | np.bool_]

NUMBER_TYPES: Final[Mapping[FieldType, type[np.int64 | np.float64 | np.bool_]]] = {
    FieldType.INT: np.int64,
    FieldType.DATETIME: np.int64,
    FieldType.FLOAT: np.float64,
    FieldType.BOOL: np.bool_,
}

_COMPARISONS: Final[Mapping[Operator, Callable[[NumberArray, NumberArray], Mask]]] = {
    Operator.EQ: np.equal,
    Operator.IN: np.isin,
    Operator.GT: np.greater,
    Operator.GTE: np.greater_equal,
    Operator.LT: np.less,
    Operator.LTE: np.less_equal,
}


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A field of ints, floats, bools or moments."""

    values: NumberArray
    """Anything where there is none."""
    is_present: Mask

    def holds(self, comparison: Comparison) -> Mask:
        """Where it holds; shape (rows,)."""
        if comparison.operator is Operator.EXISTS:
            return _exists(self.is_present, comparison)
        operands = np.array(comparison.operands, dtype=self.values.dtype)
        return _COMPARISONS[comparison.operator](self.values, operands) & self.is_present

    def take(self, slots: Slots) -> "Numbers":
        """These rows, in this order."""
        return Numbers(self.values[slots], self.is_present[slots])

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self.values.nbytes + self.is_present.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A field of one keyword."""

    codes: Codes
    """MISSING where there is none."""
    vocabulary: Vocabulary

    def holds(self, comparison: Comparison) -> Mask:
        """Where it holds; shape (rows,)."""
        if comparison.operator is Operator.EXISTS:
            return _exists(self.codes != MISSING, comparison)
        return _table(self.vocabulary, comparison)[self.codes]

    def take(self, slots: Slots) -> "Words":
        """These rows, in this order."""
        return Words(self.codes[slots], self.vocabulary)

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self.codes.nbytes + _size_of(self.vocabulary)


@dataclass(frozen=True, slots=True, eq=False)
class WordLists:
    """A field of any number of keywords."""

    offsets: NDArray[np.int64]
    """Shape (rows + 1,): the keywords of row i are codes[offsets[i]:offsets[i + 1]]."""
    codes: Codes
    vocabulary: Vocabulary

    def holds(self, comparison: Comparison) -> Mask:
        """Where it holds for one keyword; shape (rows,)."""
        if comparison.operator is Operator.EXISTS:
            return _exists(np.diff(self.offsets) > 0, comparison)
        hits = np.zeros(len(self.codes) + 1, dtype=np.int64)
        np.cumsum(_table(self.vocabulary, comparison)[self.codes], out=hits[1:])
        return hits[self.offsets[1:]] > hits[self.offsets[:-1]]

    def take(self, slots: Slots) -> "WordLists":
        """These rows, in this order."""
        lengths = self.offsets[slots + 1] - self.offsets[slots]
        offsets = np.zeros(len(slots) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        # Each new entry is as far behind its row's first as it was before.
        shift = np.repeat(self.offsets[slots] - offsets[:-1], lengths)
        return WordLists(offsets, self.codes[np.arange(offsets[-1]) + shift], self.vocabulary)

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self.offsets.nbytes + self.codes.nbytes + _size_of(self.vocabulary)


Column: TypeAlias = Numbers | Words | WordLists
Columns: TypeAlias = Mapping[str, Column]
"""By the name of their field."""


def concatenate(columns: Sequence[Column]) -> Column:
    """The rows of all of them, one column after the other; all are of one field, at least one."""
    match columns[0]:
        case Numbers():
            numbers = [column for column in columns if isinstance(column, Numbers)]
            return Numbers(
                np.concatenate([column.values for column in numbers]),
                np.concatenate([column.is_present for column in numbers]),
            )
        case Words():
            words = [column for column in columns if isinstance(column, Words)]
            codes, vocabulary = _unite([(each.codes, each.vocabulary) for each in words])
            return Words(codes, vocabulary)
        case WordLists():
            lists = [column for column in columns if isinstance(column, WordLists)]
            codes, vocabulary = _unite([(each.codes, each.vocabulary) for each in lists])
            lengths = np.concatenate([np.diff(column.offsets) for column in lists])
            return WordLists(np.concatenate([[0], np.cumsum(lengths)]), codes, vocabulary)


def _unite(parts: Sequence[tuple[Codes, Vocabulary]]) -> tuple[Codes, Vocabulary]:
    """All codes in terms of one vocabulary, which has the words that are used and no others."""
    used = [np.unique(codes[codes != MISSING]).tolist() for codes, _ in parts]
    words = [
        [vocabulary.word(code) for code in some]
        for some, (_, vocabulary) in zip(used, parts, strict=True)
    ]
    united = SortedWords.of({word for some in words for word in some})
    codes_of = {word: code for code, word in enumerate(united.words)}
    translated: list[Codes] = []
    for (codes, vocabulary), some, named in zip(parts, used, words, strict=True):
        table = np.full(len(vocabulary) + 1, MISSING, dtype=np.int32)  # its last is MISSING's
        table[some] = [codes_of[word] for word in named]
        translated.append(table[codes])
    return np.concatenate(translated), united


def _exists(is_present: Mask, comparison: Comparison) -> Mask:
    return is_present if comparison.operands[0] else ~is_present


def _table(vocabulary: Vocabulary, comparison: Comparison) -> Mask:
    """For each code whether the comparison holds; the last entry is that of MISSING."""
    # Sized first: words that are added while this runs are of rows that nobody looks at yet.
    size = len(vocabulary)
    if comparison.operator is Operator.PREFIX:
        wanted = vocabulary.starting_with(str(comparison.operands[0]))
    else:
        found = [vocabulary.find(str(operand)) for operand in comparison.operands]
        wanted = np.array(found, dtype=np.int32)
    table = np.zeros(size + 1, dtype=np.bool_)
    table[wanted[(wanted != MISSING) & (wanted < size)]] = True
    return table


def _size_of(vocabulary: Vocabulary) -> int:
    return vocabulary.words.nbytes if isinstance(vocabulary, SortedWords) else 0
