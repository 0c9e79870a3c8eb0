"""The rows of the comparison, with what was measured for each. Pure.

How fast the naive server is depends on the processor: torch's own product of matrices is MKL's,
which on some reaches half of what they can do. Where it is slow, more is asked for.
"""

from collections.abc import Sequence
from typing import Final

from benchmarks.results import Result
from benchmarks.serving.book import COMPARISON
from benchmarks.serving.loads import LOADS
from benchmarks.serving.report.comparing import Spread, spread, spread_of
from benchmarks.serving.report.speeds import (
    AGAINST_INFINITY,
    AGAINST_NAIVE,
    SHARES,
    beat_infinity,
    beat_naive,
    is_slow,
    use_machine,
)
from benchmarks.serving.stage.peers import NAIVES, OURS
from benchmarks.targets import Target

_MORE_MS: Final = 60.0
_KEPT: Final = 0.8
_LIVE_MS: Final = 50.0
_MEMORY: Final = 1.2
_COSINE: Final = 0.99999


def list_targets(result: Result | None) -> Sequence[Target]:
    """As they are for the machine of this result."""
    column = int(result is not None and is_slow(result))
    return (
        *(beat_naive(load, least[column]) for load, least in AGAINST_NAIVE.items()),
        *(use_machine(load, least) for load, least in SHARES.items()),
        *(beat_infinity(load, least[column]) for load, least in AGAINST_INFINITY.items()),
        *_OTHERS,
    )


_OTHERS: Final[Sequence[Target]] = (
    Target(
        "p95 of 5 short texts a second beside batches of 128, medium",
        f"≤ unloaded + {_MORE_MS:.0f} ms",
        COMPARISON,
        lambda r: (
            f"{_get_delay(r):+.0f} ms: {_get('beside', 4, r).tell('{:.0f}')} ms, unloaded "
            f"{_get('beside', 1, r).tell('{:.0f}')} ms"
        ),
        lambda r: _get_delay(r) <= _MORE_MS,
    ),
    Target(
        "what those batches keep of their rate alone",
        f"≥ {_KEPT:.0%}",
        COMPARISON,
        lambda r: _get_kept(r).tell("{:.0%}"),
        lambda r: _get_kept(r).middle >= _KEPT,
    ),
    Target(
        "`/livez` p99 under saturation",
        f"≤ {_LIVE_MS:.0f} ms",
        COMPARISON,
        lambda r: f"{_get('livez', 1, r).tell('{:.1f}')} ms",
        lambda r: _get("livez", 1, r).middle <= _LIVE_MS,
    ),
    Target(
        "memory, peak PSS of the tree under the same loads",
        f"≤ {_MEMORY} times the naive server's",
        COMPARISON,
        lambda r: f"{_get_peak(r, OURS):,.0f} MiB; naive {_get_naive_peak(r):,.0f} MiB",
        lambda r: _get_peak(r, OURS) <= _MEMORY * _get_naive_peak(r),
    ),
    Target(
        "vectors answered under these loads, least cosine to the truth",
        f"≥ {_COSINE}",
        COMPARISON,
        lambda r: f"{_get_cosine(r):.7f}",
        lambda r: _get_cosine(r) >= _COSINE,
    ),
    Target(
        "requests that failed",
        "none",
        COMPARISON,
        lambda r: f"{_count_errors(r):.0f}",
        lambda r: _count_errors(r) == 0,
    ),
)


def _get(curve: str, column: int, result: Result) -> Spread:
    return spread([point[column] for point in result.curves[curve]])


def _get_delay(result: Result) -> float:
    """Milliseconds by which p95 is more than unloaded, the median of the turns."""
    return spread([point[4] - point[1] for point in result.curves["beside"]]).middle


def _get_kept(result: Result) -> Spread:
    return spread([point[7] / point[6] for point in result.curves["beside"]])


def _get_peak(result: Result, peer: str) -> float:
    """MiB."""
    spreads = [spread_of(result, load, peer, lambda each: each.memory_mib) for load in LOADS]
    return max((each.most for each in spreads if each), default=0.0)


def _get_naive_peak(result: Result) -> float:
    return min(_get_peak(result, name) for name in NAIVES)


def _get_cosine(result: Result) -> float:
    spreads = [spread_of(result, load, OURS, lambda each: each.cosine) for load in LOADS]
    return min(each.least for each in spreads if each)


def _count_errors(result: Result) -> float:
    """The most of any load, not their sum: one is too many."""
    spreads = [spread_of(result, load, OURS, lambda each: each.errors) for load in LOADS]
    besides = [point[8] for point in result.curves["beside"]]
    looks = [point[4] for point in result.curves["livez"]]
    return max([each.most for each in spreads if each] + besides + looks)
