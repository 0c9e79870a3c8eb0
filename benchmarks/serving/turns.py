"""Turns: all peers under one load, and whether the machine was itself meanwhile. Pure, but a clock.

A shared machine is slower at times. A turn is as good as the slower of the looks at the machine
before and after it; one of less than `LEAST` of the best look of the run does not count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LEAST: Final = 0.8
"""Of the best probe of a run."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one load gave."""

    gflops: float
    """Of the slower look at the machine."""
    points: Mapping[str, Sequence[float]]
    """A point for the curve of each name."""

    def is_good(self, best: float) -> bool:
        """Beside the best look of the run."""
        return self.gflops >= LEAST * best


def choose(turns: Sequence[Turn], best: float, wanted: int) -> list[Turn]:
    """The turns that count, in order: the good ones, and if those are few the best others."""
    good = [turn for turn in turns if turn.is_good(best)]
    others = sorted(
        (turn for turn in turns if not turn.is_good(best)), key=lambda turn: -turn.gflops
    )
    chosen = [*good, *others][:wanted]
    return [turn for turn in turns if any(turn is each for each in chosen)]


def find_weak(
    turns: Mapping[str, Sequence[Turn]], best: float, wanted: int, most: int
) -> str | None:
    """A load to be repeated: it has fewer good turns than are wanted, and not `most` yet."""
    for name, those in turns.items():
        if sum(turn.is_good(best) for turn in those) < wanted and len(those) < most:
            return name
    return None
