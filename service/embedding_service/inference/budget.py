"""The token budget of a batch: where it comes from, and what is left of it when memory runs out."""

from typing import Literal, TypeAlias

from embedding_service.inference.batching import Budget

Seconds: TypeAlias = float
Source: TypeAlias = Literal["setting", "default", "measured"]

_SMALLEST = 256
"""Tokens; below this a forward is so small that halving again would not help."""
_RECOVERY: Seconds = 60.0
"""How long a halved budget must hold before it is doubled."""


class BudgetGuard:
    """The budget of one model now: halved after a failure, and given back when that has held."""

    def __init__(self, tokens: int, texts: int, source: Source = "setting") -> None:
        self._full = Budget(tokens, texts)
        self._changed_at: Seconds = 0.0
        self.current = self._full
        self.source: Source = source

    def calibrate(self, tokens: int) -> None:
        """Take a measured budget for the full one."""
        self._full = Budget(tokens, self._full.texts)
        self.current = Budget(min(self.current.tokens, tokens), self._full.texts)
        self.source = "measured"

    def shrink(self, failed_tokens: int, now: Seconds) -> None:
        """Halve after a forward of `failed_tokens` did not fit into memory."""
        halved = min(self.current.tokens, failed_tokens) // 2
        self.current = Budget(max(halved, min(_SMALLEST, self._full.tokens)), self._full.texts)
        self._changed_at = now

    def recover(self, now: Seconds) -> None:
        """Double, up to the full budget, when the last change is long enough ago."""
        if self.current != self._full and now - self._changed_at >= _RECOVERY:
            self.current = Budget(min(self.current.tokens * 2, self._full.tokens), self._full.texts)
            self._changed_at = now
