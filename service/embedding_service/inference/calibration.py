"""How many tokens a forward needs to be about as fast as it can be, measured where it runs.

Tokens a second grow with the tokens of a forward up to a knee; beyond it a longer batch only makes
the next one wait longer. On a CPU with prepacked weights the knee is at a few hundred tokens, on a
GPU at many thousands, and both depend on the model: so it is measured, by forwards of made-up texts
of a usual length, after the load and only while nobody waits.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from embedding_service.inference.backends.base import Facts, TokenBatch

NEARLY: Final = 0.95
"""Share of the best rate that is good enough."""
_SMALLEST: Final = 256
"""Tokens. With half of them a job of 100-word texts cost 13 % more CPU than with 2,048, with these
7 %, because texts do not fill a short batch (MiniLM, two workers on two cores)."""
_LENGTH: Final = 64
"""Tokens of a made-up text."""
_ROUNDS: Final = 3
"""The best of them counts: whatever else runs can only make a forward slower."""
_LONG: Final = 0.1
"""Seconds of a forward beyond which none of twice the size is tried; whoever comes has to wait."""
_LONGEST: Final = 1.0
"""Seconds that all of them may take together."""


class Calibration:
    """The measurement of one model: gives forwards to run, one at a time, and is told their time.

    After one that does not count it goes through the sizes a few times over, each twice the one
    before, as far as they are short.
    """

    def __init__(self, facts: Facts, most_tokens: int, max_texts: int) -> None:
        """Of forwards up to `most_tokens`; of none where that is less than there is to find out."""
        self._facts = facts
        self._max_texts = max_texts
        self._most = most_tokens
        # Hashing has no device that could be faster or slower.
        is_worth_it = most_tokens > _SMALLEST and facts.backend != "hashing"
        self._size, self._round = _SMALLEST, 0 if is_worth_it else _ROUNDS
        self._rates: dict[int, float] = {}
        self._seconds = 0.0
        self._is_running = self._is_warm = False

    @property
    def has_more(self) -> bool:
        """Whether there is a forward to run now."""
        return not self._is_running and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether all is known that will be."""
        return self._round >= _ROUNDS

    @property
    def rates(self) -> Mapping[int, float]:
        """Tokens of a forward to the tokens a second it did at best."""
        return self._rates

    def take(self) -> TokenBatch:
        """The next forward. Only where `has_more`."""
        self._is_running = True
        return _make_up(self._size, self._facts, self._max_texts)

    def observe(self, seconds: float) -> None:
        """Take note of how long it took."""
        tokens = self._size
        self._is_running = False
        if not self._is_warm:  # a process fetches its pages, and a device its programs
            self._is_warm = True
            return
        self._seconds += seconds
        self._rates[tokens] = max(self._rates.get(tokens, 0.0), tokens / max(seconds, 1e-6))
        if seconds > _LONG:
            self._most = min(self._most, tokens)
        self._size *= 2
        if self._size > self._most:
            self._size, self._round = _SMALLEST, self._round + 1
        if self._seconds > _LONGEST:
            self._round = _ROUNDS

    def give_up(self) -> None:
        """Take note that it was not done. What is known by now is all that will be."""
        self._is_running = False
        self._round = _ROUNDS


def find_knee(rates: Mapping[int, float]) -> int | None:
    """The least tokens of a forward whose rate is nearly the best; None where nothing is known."""
    best = max(rates.values(), default=0.0)
    return min((tokens for tokens, rate in rates.items() if rate >= NEARLY * best), default=None)


def _make_up(tokens: int, facts: Facts, max_texts: int) -> TokenBatch:
    """Texts of any content; a forward's time does not depend on it."""
    length = min(_LENGTH, facts.max_length or _LENGTH)
    lengths = np.full(tokens // length, length, dtype=np.int32)
    # From the upper half of the vocabulary: special tokens are in the lower.
    half = max(1, facts.vocabulary_size // 2)
    ids = facts.vocabulary_size - 1 - np.arange(lengths.sum(), dtype=np.int32) % half
    return TokenBatch(ids.astype(np.int32), lengths, np.zeros_like(lengths), max_texts)
