"""Targets of speed: against the naive server, against infinity-emb, against the machine. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.results import Result
from benchmarks.serving.book import COMPARISON, read_best
from benchmarks.serving.loads import BATCHES, MIXED, SHORT, SINGLE, Load
from benchmarks.serving.report.comparing import Spread, compare, find_best_naive, spread_of
from benchmarks.serving.stage.peers import INFINITY, OURS, TITLES
from benchmarks.targets import Target

SLOW: Final = 0.7
"""Share of prepacked products from which on downwards default ones count as slow."""
AGAINST_NAIVE: Final[Mapping[Load, tuple[float, float]]] = {
    SINGLE: (1.5, 2.2),
    SHORT: (3.5, 6.0),
    MIXED: (1.6, 2.5),
    BATCHES: (1.1, 1.8),
}
"""Times its texts a second: where default products are as fast as prepacked, and where not."""
AGAINST_INFINITY: Final[Mapping[Load, tuple[float, float]]] = {
    SINGLE: (1.0, 1.0),
    SHORT: (1.0, 1.0),
    MIXED: (3.0, 5.0),
    BATCHES: (1.0, 1.0),
}
SHARES: Final[Mapping[Load, float]] = {SHORT: 0.5, MIXED: 0.5, BATCHES: 0.55}
"""Useful operations over HTTP, of the best product of matrices."""


def is_slow(result: Result) -> bool:
    """Whether default products are slow on the machine of this result."""
    figures = result.figures
    return figures["gemm_default_gflops"] < SLOW * figures["gemm_prepacked_gflops"]


def beat_naive(load: Load, least: float) -> Target:
    """Of the two naive servers the one that is faster under this load."""

    def get(result: Result) -> Spread | None:
        return compare(result, load, find_best_naive(result, load))

    def tell(result: Result) -> str:
        title = TITLES[find_best_naive(result, load) or OURS]
        return _tell(get(result), f" times {title}") or "no naive server was measured"

    what = f"{load.title}: texts/s against the naive server"
    return Target(what, f"≥ {least:g} times", COMPARISON, tell, _at_least(get, least))


def beat_infinity(load: Load, least: float) -> Target:
    """infinity-emb as it comes."""

    def get(result: Result) -> Spread | None:
        return compare(result, load, INFINITY)

    def tell(result: Result) -> str:
        return _tell(get(result), " times") or "infinity-emb is not installed"

    what = f"{load.title}: texts/s against infinity-emb's default"
    wanted = f"≥ {least:g} times" if least > 1 else "ahead"
    return Target(what, wanted, COMPARISON, tell, _at_least(get, least))


def use_machine(load: Load, least: float) -> Target:
    """How much of the machine the texts' own operations take."""

    def get(result: Result) -> Spread | None:
        best = read_best(result)
        return spread_of(result, load, OURS, lambda each: each.gflops / best)

    def tell(result: Result) -> str:
        return _tell(get(result), "", "{:.0%}")

    what = f"{load.title}: useful operations, of the best float32 GEMM"
    return Target(what, f"≥ {least:.0%}", COMPARISON, tell, _at_least(get, least))


def _tell(found: Spread | None, unit: str, form: str = "{:.2f}") -> str:
    return f"{found.tell(form)}{unit}" if found else ""


def _at_least(
    get: Callable[[Result], Spread | None], least: float
) -> Callable[[Result], bool | None]:
    def judge(result: Result) -> bool | None:
        found = get(result)
        return None if found is None else found.middle >= least

    return judge
