"""Ours beside another, turn by turn. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.results import Result
from benchmarks.serving.loads import Load
from benchmarks.serving.stage.peers import NAIVES, OURS
from benchmarks.serving.stage.sample import Sample


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure of several turns."""

    middle: float
    least: float
    most: float

    def tell(self, form: str = "{:.2f}") -> str:
        """The middle, and the range."""
        middle, least, most = map(form.format, (self.middle, self.least, self.most))
        return f"{middle} [{least} to {most}]"


def spread(values: Sequence[float]) -> Spread:
    """Their median and range."""
    return Spread(median(values), min(values), max(values))


def list_samples(result: Result, load: Load, peer: str) -> list[Sample]:
    """Of each turn; empty where that was not measured."""
    return [Sample.read(point) for point in result.curves.get(f"{load.name}/{peer}", ())]


def spread_of(
    result: Result, load: Load, peer: str, figure: Callable[[Sample], float]
) -> Spread | None:
    """A figure of a peer; None where it was not measured."""
    samples = list_samples(result, load, peer)
    return spread([figure(each) for each in samples]) if samples else None


def find_best_naive(result: Result, load: Load) -> str | None:
    """The naive server that does more of this load."""
    speeds = {
        name: found.middle
        for name in NAIVES
        if (found := spread_of(result, load, name, lambda each: each.texts_per_second))
    }
    return max(speeds, key=speeds.__getitem__) if speeds else None


def compare(result: Result, load: Load, peer: str | None, ours: str = OURS) -> Spread | None:
    """Texts a second of ours over those of `peer`, each turn by itself; None without either."""
    if peer is None:
        return None
    mine, others = list_samples(result, load, ours), list_samples(result, load, peer)
    ratios = [
        one.texts_per_second / other.texts_per_second
        for one, other in zip(mine, others, strict=False)  # one of them may be none at all
        if other.texts_per_second
    ]
    return spread(ratios) if ratios else None
