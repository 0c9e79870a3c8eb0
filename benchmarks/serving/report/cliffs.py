"""Where more work costs much more than it should. Pure.

From one point of a growing load to the next the server should do as much useful work a second as
before, or more. A cliff is a fall by more than `FALL` below the best of the points before it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.results import Result
from benchmarks.serving.stage.sample import Sample

FALL: Final = 0.25
GROWTHS: Final[Mapping[str, str]] = {
    "connections_short": "connections, short texts",
    "connections_mixed": "connections, mixed texts",
    "lengths": "tokens of a text, 32 connections",
    "batches": "short texts of a request, 1 connection",
    "models": "models, 32 connections, short texts",
}
"""Curves, and what grows."""


@dataclass(frozen=True, slots=True)
class Point:
    """What grows, and what came of it."""

    x: float
    sample: Sample


def read_curve(result: Result, name: str) -> list[Point]:
    """In order; empty where it was not measured."""
    return [Point(x, Sample.read(rest)) for x, *rest in result.curves.get(name, ())]


def find_cliff(points: Sequence[Point], measure: Callable[[Sample], float]) -> float | None:
    """The first x at which `measure` has fallen; None where it never does."""
    best = 0.0
    for point in points:
        found = measure(point.sample)
        if found < (1 - FALL) * best:
            return point.x
        best = max(best, found)
    return None


def tell_cliffs(result: Result) -> list[str]:
    """A sentence for each: by useful operations a second, and requests that failed."""
    told = []
    for name, title in GROWTHS.items():
        points = read_curve(result, name)
        cliff = find_cliff(points, lambda sample: sample.gflops)
        if cliff is not None:
            told.append(f"{title}: a fall at {cliff:g}")
        if failed := [point.x for point in points if point.sample.errors]:
            told.append(f"{title}: failures at {', '.join(f'{x:g}' for x in failed)}")
    return told
