"""The rows of a GPU, with what was measured for each. Pure."""

from collections.abc import Sequence
from typing import Final

from benchmarks.results import Result
from benchmarks.serving.book import GPU
from benchmarks.serving.stage.sample import Sample
from benchmarks.targets import Target

_SHARE: Final = 0.4
_BESIDE_MS: Final = 25
_TEXTS: Final = 1_000
_TEXT_MS: Final = 10
_HUNDRED_MS: Final = 100


def _read(result: Result, curve: str) -> Sample:
    return Sample.read(result.curves[curve][0])


def _judge_share(result: Result) -> bool | None:
    peak = result.figures["peak_gflops"]
    return _read(result, "long").gflops >= _SHARE * peak if peak else None


def _tell_share(result: Result) -> str:
    peak, gflops = result.figures["peak_gflops"], _read(result, "long").gflops
    told = f"{gflops / 1e3:,.0f} TFLOP/s on {result.notes['gpu']}"
    return f"{told}: {gflops / peak:.0%}" if peak else f"{told}, of which no peak is known here"


GPU_TARGETS: Final[Sequence[Target]] = (
    Target(
        "GPU, 512 tokens a text, over HTTP: useful operations",
        f"≥ {_SHARE:.0%} of its bfloat16 peak",
        GPU,
        _tell_share,
        _judge_share,
    ),
    Target(
        "GPU, short texts while that saturates it",
        f"p99 < {_BESIDE_MS} ms",
        GPU,
        lambda r: f"{_read(r, 'beside').p99_ms:.1f} ms",
        lambda r: _read(r, "beside").p99_ms < _BESIDE_MS,
    ),
    Target(
        "GPU, short texts, concurrency 128",
        f"≥ {_TEXTS:,} texts/s",
        GPU,
        lambda r: f"{_read(r, 'many').texts_per_second:,.0f} texts/s",
        lambda r: _read(r, "many").texts_per_second >= _TEXTS,
    ),
    Target(
        "GPU, one short text at a time",
        f"p95 < {_TEXT_MS} ms",
        GPU,
        lambda r: f"{_read(r, 'single').p95_ms:.1f} ms",
        lambda r: _read(r, "single").p95_ms < _TEXT_MS,
    ),
    Target(
        "GPU, 100 texts in a request",
        f"≤ {_HUNDRED_MS} ms",
        GPU,
        lambda r: f"{_read(r, 'hundred').p50_ms:.0f} ms",
        lambda r: _read(r, "hundred").p50_ms <= _HUNDRED_MS,
    ),
    Target(
        "GPU, over HTTP against the same forward without it",
        "≥ 90 %",
        lacking="there is no program yet that runs the packed forward on a GPU by itself",
    ),
)
