"""The words of a keyword column, each known by its number (its code)."""

from bisect import bisect_left
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.segments.strings import Strings

Codes = NDArray[np.int32]
MISSING = -1


class Vocabulary(Protocol):
    """Words by code, from 0."""

    def __len__(self) -> int: ...

    def word(self, code: int) -> str:
        """The word of a code."""
        ...

    def find(self, word: str) -> int:
        """The code of a word, or MISSING."""
        ...

    def starting_with(self, prefix: str) -> Codes:
        """The codes of all words that begin so."""
        ...


class GrowingWords:
    """Words in the order in which they came. One thread may add while others read."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._codes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._words)

    def add(self, word: str) -> int:
        """The code of a word, which is new or not."""
        code = self._codes.get(word)
        if code is None:
            code = len(self._words)
            self._words.append(word)  # before its code can be found
            self._codes[word] = code
        return code

    def word(self, code: int) -> str:
        """The word of a code."""
        return self._words[code]

    def find(self, word: str) -> int:
        """The code of a word, or MISSING."""
        return self._codes.get(word, MISSING)

    def starting_with(self, prefix: str) -> Codes:
        """The codes of all words that begin so."""
        words = self._words[:]
        found = [code for code, word in enumerate(words) if word.startswith(prefix)]
        return np.array(found, dtype=np.int32)


class SortedWords:
    """Words in the order of their UTF-8, immutable."""

    def __init__(self, words: Strings) -> None:
        self.words = words

    @classmethod
    def of(cls, words: set[str]) -> "SortedWords":
        """These words."""
        return cls(Strings.of(sorted(words)))

    def __len__(self) -> int:
        return len(self.words)

    def word(self, code: int) -> str:
        """The word of a code."""
        return self.words[code]

    def find(self, word: str) -> int:
        """The code of a word, or MISSING."""
        wanted = word.encode()
        place = self._place(wanted)
        is_there = place < len(self) and self.words.encoded(place) == wanted
        return place if is_there else MISSING

    def starting_with(self, prefix: str) -> Codes:
        """The codes of all words that begin so."""
        start = prefix.encode()
        # No UTF-8 has a byte 0xff, so that all words that begin so are before this one.
        return np.arange(self._place(start), self._place(start + b"\xff"), dtype=np.int32)

    def _place(self, wanted: bytes) -> int:
        return bisect_left(range(len(self)), wanted, key=self.words.encoded)
