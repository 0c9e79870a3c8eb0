"""Speed beside others, growth, and minutes under load."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.results import Result
from benchmarks.serving.loads import LOADS
from benchmarks.serving.report.cliffs import GROWTHS, read_curve
from benchmarks.serving.report.comparing import find_best_naive, spread_of
from benchmarks.serving.report.long import IMAGES
from benchmarks.serving.stage.peers import TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(results: Mapping[str, Result], folder: Path) -> None:
    """Draw what there are results for."""
    import matplotlib as mpl  # noqa: PLC0415  the rest of the report is written without it

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "bench", "font.size": 9, "axes.grid": True}
    folder.mkdir(parents=True, exist_ok=True)
    for part, plot in _PLOTS.items():
        result = results.get(part)
        if result is not None and not result.lacking:
            figure = plot(result)
            # Without a date the same figures give the same file.
            figure.savefig(folder / f"{IMAGES[part]}.svg", metadata={"Date": None})


def _draw_loads(result: Result) -> "Figure":
    """Bars of texts a second, the better naive server being 1."""
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(8.0, 3.6), layout="constrained")
    width = 0.8 / len(TITLES)
    for place, (peer, title) in enumerate(TITLES.items()):
        heights = []
        for load in LOADS:
            naive = find_best_naive(result, load)
            speeds = [
                spread_of(result, load, name, lambda each: each.texts_per_second)
                for name in (peer, naive or peer)
            ]
            mine, other = (each.middle if each else 0.0 for each in speeds)
            heights.append(mine / other if other else 0.0)
        axes.bar([x + place * width for x in range(len(LOADS))], heights, width, label=title)
    axes.set_xticks(
        [x + 0.4 - width / 2 for x in range(len(LOADS))], [each.title for each in LOADS]
    )
    axes.set_axisbelow(True)
    axes.set(ylabel="texts/s, times the naive server")
    axes.legend()
    return figure


def _draw_growth(result: Result) -> "Figure":
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, rows = plt.subplots(2, len(GROWTHS), figsize=(15.0, 5.0), layout="constrained")
    for (upper, lower), (name, title) in zip(rows.T, GROWTHS.items(), strict=True):
        points = read_curve(result, name)
        xs = [point.x for point in points]
        upper.plot(xs, [point.sample.gflops for point in points], "o-")
        upper.set(title=title.replace(", ", "\n"), ylabel="useful GFLOP/s", ylim=(0, None))
        for figure_name, label in (("p50_ms", "p50"), ("p99_ms", "p99")):
            lower.plot(
                xs, [getattr(point.sample, figure_name) for point in points], "o-", label=label
            )
        lower.set(ylabel="ms", ylim=(0, None))
        lower.legend()
        for axes in (upper, lower):
            axes.set_xscale("log", base=2)
            axes.set_xticks(xs, [f"{x:g}" for x in xs], rotation=90)
    return figure


def _draw_soak(result: Result) -> "Figure":
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.0, 3.0), layout="constrained")
    points = result.curves["minutes"]
    minutes = [point[0] for point in points]
    left.plot(minutes, [point[4] for point in points], "o-")
    left.set(xlabel="minute", ylabel="PSS, MiB", ylim=(0, None))
    for column, label in ((2, "p50"), (3, "p99")):
        right.plot(minutes, [point[column] for point in points], "o-", label=label)
    right.set(xlabel="minute", ylabel="ms", ylim=(0, None))
    right.legend()
    return figure


_PLOTS = {"comparison": _draw_loads, "growth": _draw_growth, "soak": _draw_soak}
