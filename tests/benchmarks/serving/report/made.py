"""Results as a run would leave them."""

from collections.abc import Mapping, Sequence

from benchmarks.results import Result
from benchmarks.serving.book import Book, Entry
from benchmarks.serving.loads import BATCHES, LOADS, MIXED, SHORT, SINGLE, Load
from benchmarks.serving.stage.sample import Sample

SPEEDS: Mapping[Load, tuple[float, float, float]] = {
    SINGLE: (200.0, 60.0, 50.0),
    SHORT: (500.0, 70.0, 130.0),
    MIXED: (130.0, 40.0, 20.0),
    BATCHES: (80.0, 40.0, 30.0),
}
"""Of ours, the better naive server and infinity-emb: enough everywhere."""


def make_sample(speed: float, memory: float = 600.0, **other: float) -> Sample:
    figures = {
        "texts_per_second": speed, "tokens_per_second": 20 * speed, "p50_ms": 5.0, "p95_ms": 8.0,
        "p99_ms": 9.0, "requests": 100.0, "errors": 0.0, "cpu_seconds": 2.0, "memory_mib": memory,
        "cosine": 1.0, "gflops": 250.0, "generator": 0.1,
    }  # fmt: skip
    return Sample(**(figures | other))


def make_comparison(
    default: float = 180.0,
    ours: Mapping[Load, Sequence[Sample]] | None = None,
    without: Sequence[str] = (),
) -> Result:
    """A run on a machine whose default products are slow, unless `default` says otherwise."""
    result = Result(
        {
            "gemm_default_gflops": default, "gemm_prepacked_gflops": 400.0, "turns": 6.0,
            "turns_repeated": 0.0, "turns_on_a_slow_machine": 0.0, "start_seconds_ours": 4.0,
        },
        {"beside": [[5, 9, 10, 6, 40, 50, 100, 90, 0]], "livez": [[1, 10, 20, 200, 0]]},
        finished="2030-01-02 03:04 UTC",
    )  # fmt: skip
    for load in LOADS:
        mine, naive, infinity = SPEEDS[load]
        samples = (ours or {}).get(load, [make_sample(mine)])
        peers = {
            "ours": samples,
            "naive_1": [make_sample(naive / 2)] * len(samples),
            "naive_2": [make_sample(naive)] * len(samples),
            "infinity": [make_sample(infinity)] * len(samples),
        }
        result.curves |= {
            f"{load.name}/{peer}": [sample.write() for sample in those]
            for peer, those in peers.items()
            if peer not in without
        }
    return result


def make_book(**results: Result) -> Book:
    return Book(
        parts={name: Entry(each, "digest", "abc1234", "EPYC") for name, each in results.items()}
    )
