"""Which rows of a segment count: live ones, allowed ones. Never changed, only replaced."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int64]
"""Row numbers within one segment."""
Mask = NDArray[np.bool_]
"""Shape (rows,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Bitmap:
    """One bit a row, least significant first, as FAISS reads them; bits after the last are 0."""

    bits: NDArray[np.uint8]
    """Shape (ceil(rows / 8),)."""
    rows: int
    ones: int = field(init=False)
    """How many rows count."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ones", int(np.bitwise_count(self.bits).sum(dtype=np.int64)))

    @classmethod
    def of(cls, mask: Mask) -> "Bitmap":
        """The rows where `mask` is true."""
        return cls(np.packbits(mask, bitorder="little"), len(mask))

    @classmethod
    def full(cls, rows: int) -> "Bitmap":
        """All rows."""
        return cls.of(np.ones(rows, dtype=np.bool_))

    @property
    def mask(self) -> Mask:
        """One bool a row."""
        return np.unpackbits(self.bits, count=self.rows, bitorder="little").view(np.bool_)

    @property
    def slots(self) -> Slots:
        """The rows that count, ascending."""
        return np.flatnonzero(self.mask)

    def has(self, slots: Slots) -> Mask:
        """Whether each of `slots` counts; same shape."""
        found: Mask = np.bitwise_and(self.bits[slots >> 3] >> (slots & 7).astype(np.uint8), 1) > 0
        return found

    def with_cleared(self, slots: Slots) -> "Bitmap":
        """These, less `slots`."""
        bits = self.bits.copy()
        np.bitwise_and.at(bits, slots >> 3, ~(1 << (slots & 7)).astype(np.uint8))
        return Bitmap(bits, self.rows)

    def with_appended(self, rows: int) -> "Bitmap":
        """These, and `rows` more behind them that all count."""
        # Only the last byte is shared by old and new rows.
        kept = self.rows >> 3
        tail = np.ones((self.rows & 7) + rows, dtype=np.bool_)
        tail[: self.rows & 7] = self.mask[kept << 3 :]
        bits = np.concatenate([self.bits[:kept], np.packbits(tail, bitorder="little")])
        return Bitmap(bits, self.rows + rows)

    def __and__(self, other: "Bitmap") -> "Bitmap":
        return Bitmap(self.bits & other.bits, self.rows)
