"""Rows go through linears in blocks, whose activations stay in the core's own cache.

Prepacked linears need few sizes besides: oneDNN compiles a program for every number of rows it
meets. One takes about a millisecond and 0.6 MiB (torch 2.15, EPYC), a forward needs four, and with
runs of all lengths no cache holds them. So the last block is filled up to the next known size. What
filler and copying cost (a twentieth of the time, measured) compiling would cost as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Blocks:
    """How rows are split."""

    size: int
    """Rows of a whole block."""
    sizes: tuple[int, ...] | None
    """Rows that the last one may have, ascending up to `size`; None for any."""

    def pad(self, tokens: int) -> int:
        """Rows that hold `tokens`, filler included."""
        rest = tokens % self.size
        if self.sizes is None or rest == 0:
            return tokens
        return tokens - rest + next(size for size in self.sizes if size >= rest)

    def split(self, rows: int) -> Iterator[slice]:
        """The blocks of a number of rows that `pad` gave."""
        for start in range(0, rows, self.size):
            yield slice(start, min(start + self.size, rows))


FEW_SIZES = Blocks(128, (*range(4, 32, 4), *range(32, 64, 8), *range(64, 129, 16)))
ANY_SIZE = Blocks(512, None)
