"""A table for each load: every peer, and what it made of it. Pure."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from benchmarks.pages import write_table
from benchmarks.results import Result
from benchmarks.serving.loads import Load
from benchmarks.serving.report.comparing import (
    compare,
    find_best_naive,
    list_samples,
    spread,
)
from benchmarks.serving.stage.peers import OURS, TITLES
from benchmarks.serving.stage.sample import Sample

_HEAD: Final = (
    *("", "texts/s", "times naive", "p50, ms", "p95, ms", "p99, ms", "tokens/s", "GFLOP/s"),
    *("share", "CPU s for 1,000 texts", "peak PSS, MiB", "failed", "least cosine"),
)
_FEW: Final = 20
"""Requests of a turn below which there are no percentiles but the median."""


def tell_load(result: Result, load: Load, best: float | None, level: int = 2) -> Iterator[str]:
    """A row for each peer that was measured; `best` is the best product's GFLOP/s, where known."""
    yield from ("", f"{'#' * level} {load.title[:1].upper()}{load.title[1:]}", "")
    yield from write_table(
        _HEAD,
        [
            _tell_peer(result, load, peer, best)
            for peer in TITLES
            if list_samples(result, load, peer)
        ],
    )


def _tell_peer(result: Result, load: Load, peer: str, best: float | None) -> Sequence[str]:
    samples = list_samples(result, load, peer)
    has_few = min(each.requests for each in samples) < _FEW
    gflops = median(each.gflops for each in samples)
    return (
        TITLES[peer],
        spread([each.texts_per_second for each in samples]).tell("{:.1f}"),
        _tell_times(result, load, peer),
        f"{median(each.p50_ms for each in samples):,.1f}",
        "" if has_few else f"{median(each.p95_ms for each in samples):,.1f}",
        "" if has_few else f"{median(each.p99_ms for each in samples):,.1f}",
        f"{median(each.tokens_per_second for each in samples):,.0f}",
        f"{gflops:.0f}",
        f"{gflops / best:.0%}" if best else "",
        f"{median(each.cpu_seconds for each in samples):.2f}",
        f"{max(each.memory_mib for each in samples):,.0f}",
        f"{sum(each.errors for each in samples):.0f}",
        _tell_cosine(samples),
    )


def _tell_times(result: Result, load: Load, peer: str) -> str:
    naive = find_best_naive(result, load)
    found = compare(result, load, naive, peer)
    if peer == naive or found is None:
        return ""
    return found.tell() if peer == OURS else f"{found.middle:.2f}"


def _tell_cosine(samples: Sequence[Sample]) -> str:
    least = min(each.cosine for each in samples)
    return f"{least:.6f}" if least else "not compared"
