"""Recall against latency, and growth."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.index.report.rivals import TITLES
from benchmarks.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MIB = 2**20


def draw(results: Mapping[str, Result], folder: Path) -> list[Path]:
    """Draw what there are results for; the files, in their order on the page."""
    import matplotlib as mpl  # noqa: PLC0415  the rest of the report is written without it

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "bench-index", "font.size": 9, "axes.grid": True}
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    if "peers" in results:
        paths.append(_draw_recall(results["peers"], folder / "bench-index-recall.svg"))
    if "growth" in results:
        paths.append(_draw_growth(list_sizes(results), folder / "bench-index-growth.svg"))
    return paths


def list_sizes(results: Mapping[str, Result]) -> list[list[float]]:
    """Points of growth, the largest index last."""
    parts = (results[name] for name in ("growth", "million") if name in results)
    return [point for part in parts for point in part.curves.get("sizes", [])]


def _draw_recall(result: Result, path: Path) -> Path:
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for name, title in TITLES.items():
        points = sorted(result.curves[name], key=lambda point: point[2])
        axes.plot([point[2] for point in points], [point[1] for point in points], "o-", label=title)
    axes.set(xscale="log", xlabel="p50 of one query, ms", ylabel="recall@10")
    axes.legend()
    return _save(figure, path)


def _draw_growth(sizes: list[list[float]], path: Path) -> Path:
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.0), layout="constrained")
    rows = [point[0] for point in sizes]
    for name, column in (("p50", 2), ("p95", 3)):
        axes[0].plot(rows, [point[column] for point in sizes], "o-", label=name)
    axes[0].set(ylabel="ms", title="one query over HTTP", ylim=(0, None))
    axes[0].legend()
    axes[1].plot(rows, [point[1] for point in sizes], "o-")
    axes[1].set(title="recall@10", ylim=(0.9, 1.005))
    for name, column in (("PSS of the server", 4), ("told by the API", 5)):
        axes[2].plot(rows, [point[column] / _MIB for point in sizes], "o-", label=name)
    axes[2].set(ylabel="MiB", title="memory", yscale="log")
    axes[2].legend()
    for each in axes:
        each.set(xscale="log", xlabel="rows")
    return _save(figure, path)


def _save(figure: "Figure", path: Path) -> Path:
    figure.savefig(path, metadata={"Date": None})  # the same figures give the same file
    return path
