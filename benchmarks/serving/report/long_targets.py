"""The rows of what takes longer, with what was measured for each. Pure."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from benchmarks.results import Result
from benchmarks.serving.parts.mpnet import HUNDRED, MANY, SINGLE
from benchmarks.serving.report.cliffs import tell_cliffs
from benchmarks.serving.stage.peers import NAIVES, OURS
from benchmarks.serving.stage.sample import Sample
from benchmarks.targets import Target

_FLAT: Final = 1.02
_SLOWER: Final = 1.3
_GOODPUT: Final = 0.95
_TEXTS: Final = 50
_TEXT_MS: Final = 200
_HUNDRED_MS: Final = 2_000


def _middle(result: Result, load_name: str, figure: Callable[[Sample], float]) -> float:
    points = result.curves[f"{load_name}/{OURS}"]
    return median(figure(Sample.read(point)) for point in points)


def _start(result: Result, peer: str) -> float:
    return median(point[0] for point in result.curves[peer])


def _naive_start(result: Result) -> float:
    return min(_start(result, name) for name in NAIVES)


def _bound(result: Result) -> float:
    """Milliseconds that an accepted request may take: its wait, and what one takes at half load."""
    return result.figures["max_wait_ms"] + result.curves["offered"][0][4]


def _over(result: Result) -> list[float]:
    return result.curves["offered"][-1]


LONG_TARGETS: Final[Sequence[Target]] = (
    Target(
        "ten minutes of mixed load at 80 %: memory from the second minute to the last",
        f"≤ {_FLAT - 1:.0%} more",
        "soak",
        lambda r: f"{r.curves['minutes'][1][4]:,.0f} MiB, then {r.curves['minutes'][-1][4]:,.0f}",
        lambda r: r.curves["minutes"][-1][4] <= _FLAT * r.curves["minutes"][1][4],
    ),
    Target(
        "the same: p99 of the last minute",
        f"≤ {_SLOWER} times that of the second",
        "soak",
        lambda r: f"{r.curves['minutes'][-1][3]:,.0f} ms, then {r.curves['minutes'][1][3]:,.0f}",
        lambda r: r.curves["minutes"][-1][3] <= _SLOWER * r.curves["minutes"][1][3],
    ),
    Target(
        "120 % offered: goodput",
        f"≥ {_GOODPUT:.0%} of capacity",
        "offered",
        lambda r: (
            f"{_over(r)[2]:.1f} texts/s of {r.figures['capacity_per_second']:.1f}: "
            f"{_over(r)[2] / r.figures['capacity_per_second']:.0%}"
        ),
        lambda r: _over(r)[2] >= _GOODPUT * r.figures["capacity_per_second"],
    ),
    Target(
        "120 % offered: accepted p99",
        "≤ `MAX_WAIT` and what a request takes at 50 %",
        "offered",
        lambda r: f"{_over(r)[4]:,.0f} ms; bound {_bound(r):,.0f} ms",
        lambda r: _over(r)[4] <= _bound(r),
    ),
    Target(
        "120 % offered: the rest",
        "429, nothing else",
        "offered",
        lambda r: f"{_over(r)[5]:.0%} refused, {_over(r)[6]:.0f} failed otherwise",
        lambda r: _over(r)[6] == 0,
    ),
    Target(
        "all-mpnet-base-v2, short texts, concurrency 32",
        f"≥ {_TEXTS} texts/s",
        "mpnet",
        lambda r: f"{_middle(r, MANY.name, lambda s: s.texts_per_second):.1f} texts/s",
        lambda r: _middle(r, MANY.name, lambda s: s.texts_per_second) >= _TEXTS,
    ),
    Target(
        "the same, one text at a time",
        f"p95 ≤ {_TEXT_MS} ms",
        "mpnet",
        lambda r: f"{_middle(r, SINGLE.name, lambda s: s.p95_ms):.0f} ms",
        lambda r: _middle(r, SINGLE.name, lambda s: s.p95_ms) <= _TEXT_MS,
    ),
    Target(
        "the same, 100 texts in a request",
        f"≤ {_HUNDRED_MS / 1000:g} s",
        "mpnet",
        lambda r: f"{_middle(r, HUNDRED.name, lambda s: s.p50_ms) / 1000:.2f} s",
        lambda r: _middle(r, HUNDRED.name, lambda s: s.p50_ms) <= _HUNDRED_MS,
    ),
    Target(
        "from the start of a process to its first vectors",
        "not above the naive server's",
        "starts",
        lambda r: f"{_start(r, OURS):.1f} s; naive {_naive_start(r):.1f} s",
        lambda r: _start(r, OURS) <= _naive_start(r),
    ),
    Target(
        "growth with connections, length, batches and models",
        "no cliff",
        "growth",
        lambda r: "; ".join(tell_cliffs(r)) or "none",
        lambda r: not tell_cliffs(r),
    ),
)
