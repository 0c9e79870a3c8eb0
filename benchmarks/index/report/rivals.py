"""What others do, beside what ours does. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from benchmarks.results import Result

OURS: Final = "ours"
PEERS: Final[Mapping[str, str]] = {"chroma": "Chroma", "lancedb": "LanceDB"}
TITLES: Final[Mapping[str, str]] = {OURS: "this", **PEERS}
RECALL: Final = 0.98


def pick(points: Sequence[Sequence[float]], recall: float = RECALL) -> Sequence[float]:
    """The point with the most queries/s of those that reach `recall`; else that nearest to it.

    Points are (effort, recall, p50 in ms, queries/s).
    """
    reaching = [point for point in points if point[1] >= recall]
    if reaching:
        return max(reaching, key=lambda point: point[3])
    return max(points, key=lambda point: point[1])


def judge_adds(name: str) -> Callable[[Result], bool]:
    """Whether ours adds faster than `name`."""
    key = "adds_per_second"
    return lambda r: r.figures[f"{OURS}_{key}"] > r.figures[f"{name}_{key}"]


def tell_adds(name: str) -> Callable[[Result], str]:
    """Both rates, and what each makes durable."""

    def tell_one(result: Result, each: str) -> str:
        rate = f"{result.figures[f'{each}_adds_per_second']:,.0f} rows/s"
        syncs = result.figures.get(f"{each}_syncs")
        if syncs is None:
            return rate
        return f"{rate}, {syncs:.1f} fsyncs a batch" if syncs else f"{rate}, not durable: no fsync"

    return lambda r: f"{tell_one(r, OURS)}; {PEERS[name]} {tell_one(r, name)}"


def judge_queries(name: str) -> Callable[[Result], bool]:
    """Whether ours answers more queries than `name`, at a recall that both reach."""
    return lambda r: pick(r.curves[OURS])[3] > pick(r.curves[name])[3]


def tell_queries(name: str) -> Callable[[Result], str]:
    """Both rates, each with its recall."""

    def tell_one(points: Sequence[Sequence[float]]) -> str:
        _, recall, _, rate = pick(points)
        return f"{rate:,.0f}/s (recall {recall:.3f})"

    return lambda r: f"{tell_one(r.curves[OURS])}; {PEERS[name]} {tell_one(r.curves[name])}"
