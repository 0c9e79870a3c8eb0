"""Rows in few sizes: oneDNN compiles a program for every size it meets.

One takes about a millisecond and 0.6 MiB (torch 2.15, EPYC), and a forward needs four; with runs
of all lengths no cache holds them. So rows go through the linears in blocks whose sizes are few,
the last one filled up. A block's activations also stay in the core's own cache from one linear to
the next. Blocks of 128 rows are as fast by the row as 2,048.
"""

from collections.abc import Iterator

BLOCK = 128
"""Rows; what is less comes in steps that waste no more than a quarter, and mostly far less."""
SIZES = (*range(4, 32, 4), *range(32, 64, 8), *range(64, BLOCK + 1, 16))


def pad_rows(tokens: int) -> int:
    """Rows of whole blocks that hold `tokens`."""
    whole, rest = divmod(tokens, BLOCK)
    return whole * BLOCK + next((size for size in SIZES if size >= rest), 0) * (rest > 0)


def split_rows(rows: int) -> Iterator[slice]:
    """The blocks of a number of rows that `pad_rows` gave."""
    for start in range(0, rows, BLOCK):
        yield slice(start, min(start + BLOCK, rows))
