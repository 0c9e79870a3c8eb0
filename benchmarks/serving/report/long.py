"""Tables of what takes longer. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.pages import write_table
from benchmarks.results import Result
from benchmarks.serving.parts import mpnet
from benchmarks.serving.report.cliffs import GROWTHS, read_curve
from benchmarks.serving.report.comparing import spread
from benchmarks.serving.report.loads import tell_load
from benchmarks.serving.stage.peers import TITLES

IMAGES: Final[Mapping[str, str]] = {
    "comparison": "bench-loads",
    "growth": "bench-growth",
    "soak": "bench-soak",
}
"""Plots by part."""


def tell_long(results: Mapping[str, Result]) -> Iterator[str]:
    """A section for each part that was measured."""
    for name, tell in _SECTIONS.items():
        result = results.get(name)
        if result is not None and not result.lacking:
            yield from tell(result)


def show(part: str) -> Iterator[str]:
    """The plot of a part."""
    yield from ("", f"![{part}](images/{IMAGES[part]}.svg)")


def _tell_growth(result: Result) -> Iterator[str]:
    yield from ("", "## Growth", "")
    yield (
        "One thing grows at a time. A fall of GFLOP/s by more than a quarter below the best before "
        "it is called a cliff."
    )
    yield from show("growth")
    for name, title in GROWTHS.items():
        yield ""
        yield from write_table(
            (title, "texts/s", "tokens/s", "GFLOP/s", "p50, ms", "p99, ms", "PSS, MiB", "failed"),
            [
                (
                    f"{point.x:g}",
                    f"{point.sample.texts_per_second:.1f}",
                    f"{point.sample.tokens_per_second:,.0f}",
                    f"{point.sample.gflops:.0f}",
                    f"{point.sample.p50_ms:,.1f}",
                    f"{point.sample.p99_ms:,.1f}",
                    f"{point.sample.memory_mib:,.0f}",
                    f"{point.sample.errors:.0f}",
                )
                for point in read_curve(result, name)
            ],
        )


def _tell_offered(result: Result) -> Iterator[str]:
    yield from ("", "## Requests that come whatever the server can do", "")
    yield (
        "Mixed texts one by one, at random moments, of which the server does "
        f"{result.figures['capacity_per_second']:.1f} a second when 32 wait for their answers; "
        f"`MAX_WAIT` is {result.figures['max_wait_ms'] / 1000:g} s. Latency counts from when a "
        "request was due. The first third of the time, in which a backlog builds up, is left out."
    )
    yield ""
    yield from write_table(
        ("offered", "texts/s", "answered", "p50, ms", "p99, ms", "refused", "failed", "latest, ms"),
        [
            (
                f"{share:.0%}",
                f"{rate:.1f}",
                f"{goodput:.1f}",
                f"{p50:,.0f}",
                f"{p99:,.0f}",
                f"{refused:.0%}",
                f"{failed:.0f}",
                f"{late:.1f}",
            )
            for share, rate, goodput, p50, p99, refused, failed, late in result.curves["offered"]
        ],
    )
    yield ""
    yield "Latest: the most by which the generator sent a request after it was due."


def _tell_soak(result: Result) -> Iterator[str]:
    yield from ("", "## Minutes at 80 %")
    yield from show("soak")
    yield ""
    yield from write_table(
        ("minute", "texts/s", "p50, ms", "p99, ms", "PSS, MiB", "failed"),
        [
            (
                f"{minute:.0f}",
                f"{rate:.1f}",
                f"{p50:,.0f}",
                f"{p99:,.0f}",
                f"{mib:,.0f}",
                f"{bad:.0f}",
            )
            for minute, rate, p50, p99, mib, bad in result.curves["minutes"]
        ],
    )


def _tell_starts(result: Result) -> Iterator[str]:
    yield from ("", "## From the start of a process to its first vectors", "")
    yield "One server after the other, with its files in memory already."
    yield ""
    yield from write_table(
        ("", "seconds"),
        [
            (TITLES[name], spread([seconds for (seconds,) in points]).tell("{:.1f}"))
            for name, points in result.curves.items()
        ],
    )


def _tell_clients(result: Result) -> Iterator[str]:
    yield from ("", "## Client libraries", "")
    yield "They read answers and check them, in Python, on the same cores as the server."
    yield ""
    yield from write_table(
        ("client", "one short text, ms", "512 in a request, texts/s"),
        [(name, f"{ms:.1f}", f"{rate:.1f}") for name, ((ms, rate),) in result.curves.items()],
    )


def _tell_mpnet(result: Result) -> Iterator[str]:
    yield from ("", "## A larger model: all-mpnet-base-v2")
    for load in mpnet.LOADS:
        yield from tell_load(result, load, best=None, level=3)


_SECTIONS: Final = {
    "growth": _tell_growth,
    "offered": _tell_offered,
    "soak": _tell_soak,
    "starts": _tell_starts,
    "clients": _tell_clients,
    "mpnet": _tell_mpnet,
}
