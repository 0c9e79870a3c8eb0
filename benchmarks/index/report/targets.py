"""Each target with what was measured for it. Pure."""

from collections.abc import Sequence
from typing import Final

from benchmarks.index.report.rivals import PEERS, judge_adds, judge_queries, tell_adds, tell_queries
from benchmarks.results import Result
from benchmarks.targets import Target


def _adds(database: str, way: str, least: int) -> Target:
    where = {"catalogue": "in process", "http_1": "over HTTP, 1 connection"}.get(
        way, "over HTTP, 4 connections"
    )
    figure = f"{database}_{way}"
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    return Target(
        f"durable adds by vector, batches of 256, {names[database]}, {where}",
        f"≥ {least:,} rows/s",
        "adding",
        lambda r: f"{r.figures[figure]:,.0f} rows/s" if figure in r.figures else r.notes[database],
        lambda r: r.figures[figure] >= least if figure in r.figures else None,
    )


def _filtered(selectivity: float) -> Target:
    name = f"filter_{selectivity:g}"
    return Target(
        f"filter that lets {selectivity:.1%} of 1M rows pass".replace(".0%", "%"),
        "recall@10 ≥ 0.99, never fewer hits than exist",
        "million",
        lambda r: f"{r.figures[f'{name}_recall']:.4f} at {r.figures[f'{name}_ms']:.1f} ms",
        lambda r: r.figures[f"{name}_recall"] >= 0.99 and r.figures[f"{name}_fewest"] == 1,
    )


def _while(doing: str, what: str) -> Target:
    def judge(r: Result) -> bool:
        has_kept_up = doing != "adding" or r.figures["added_per_second"] >= 950
        bound = max(3 * r.figures["idle_p99_ms"], 20.0)
        return has_kept_up and r.figures[f"{doing}_p99_ms"] <= bound

    def tell(r: Result) -> str:
        rate = f"; {r.figures['added_per_second']:,.0f} rows/s were added"
        return (
            f"{r.figures[f'{doing}_p99_ms']:.1f} ms, idle {r.figures['idle_p99_ms']:.1f} ms; p50 "
            f"{r.figures[f'{doing}_p50_ms']:.1f} ms, idle {r.figures['idle_p50_ms']:.1f} ms"
        ) + (rate if doing == "adding" else "")

    return Target(
        f"search p99 while {what}",
        "≤ the larger of 3 times idle and 20 ms",
        "writing",
        tell,
        judge,
    )


def _gib(count: float) -> str:
    return f"{count / 2**30:.2f} GiB"


def _get_growth(result: Result) -> float:
    """Bytes by which the server grew with the index."""
    return result.figures["final_bytes"] - result.figures["empty_bytes"]


def _tell_memory(result: Result) -> str:
    growth, estimate = _get_growth(result), result.figures["estimated_bytes"]
    return (
        f"the server's PSS grew by {_gib(growth)}; estimated {_gib(estimate)}: "
        f"{growth / estimate - 1:+.0%}; the API counts {_gib(result.figures['told_bytes'])}"
    )


TARGETS: Final[Sequence[Target]] = (
    Target(
        "search by vector over HTTP, 100k of 384, flat, one at a time",
        "p50 ≤ raw FAISS + 2 ms",
        "exact",
        lambda r: (
            f"{r.figures['served_p50_ms']:.2f} ms; raw {r.figures['raw_p50_ms']:.2f} ms; with "
            f"texts and metadata {r.figures['documents_p50_ms']:.2f} ms"
        ),
        lambda r: r.figures["served_p50_ms"] <= r.figures["raw_p50_ms"] + 2,
    ),
    Target(
        "the same, 32 at a time",
        "≥ 1.5 times raw FAISS queries/s",
        "exact",
        lambda r: (
            f"{r.figures['served_per_second']:,.0f}/s; raw "
            f"{r.figures['raw_per_second']:,.0f}/s: "
            f"{r.figures['served_per_second'] / r.figures['raw_per_second']:.2f} times"
        ),
        lambda r: r.figures["served_per_second"] >= 1.5 * r.figures["raw_per_second"],
    ),
    Target(
        "1M of 384, auto, by vector over HTTP",
        "recall@10 ≥ 0.98 at p95 ≤ 5 ms",
        "million",
        lambda r: (
            f"{r.figures['recall']:.4f} at {r.figures['p95_ms']:.2f} ms "
            f"(p50 {r.figures['p50_ms']:.2f} ms)"
        ),
        lambda r: r.figures["recall"] >= 0.98 and r.figures["p95_ms"] <= 5,
    ),
    *(_filtered(selectivity) for selectivity in (0.5, 0.1, 0.01, 0.001)),
    *(_adds("sqlite", way, 10_000) for way in ("catalogue", "http_1", "http_4")),
    *(_adds("postgresql", way, 6_000) for way in ("catalogue", "http_1", "http_4")),
    _while("adding", "adding 1,000 rows/s to 100k"),
    _while("compacting", "compacting 100k"),
    Target(
        "import of 1M ready vectors: memory of the server and its children (PSS)",
        "peak ≤ 2.2 times final",
        "million",
        lambda r: (
            f"{_gib(r.figures['peak_bytes'])}; final {_gib(r.figures['final_bytes'])}: "
            f"{r.figures['peak_bytes'] / r.figures['final_bytes']:.2f} times"
        ),
        lambda r: r.figures["peak_bytes"] <= 2.2 * r.figures["final_bytes"],
    ),
    Target(
        "import of 1M ready vectors, resumable",
        "an interrupted import goes on",
        lacking="a matter of a test, not of a measurement",
    ),
    Target(
        "start with 1M rows, from the database alone",
        "≤ 180 s to right answers at the needed version",
        "million",
        lambda r: f"{r.figures['start_from_record_seconds']:.1f} s, files in the page cache",
        lambda r: r.figures["start_from_record_seconds"] <= 180,
    ),
    Target(
        "start with 1M rows, from a snapshot",
        "≤ 10 s",
        "million",
        lambda r: f"{r.figures['start_from_snapshot_seconds']:.1f} s, files in the page cache",
        lambda r: r.figures["start_from_snapshot_seconds"] <= 10,
    ),
    Target(
        "memory",
        "within 15 % of the estimate that the API gives",
        "million",
        _tell_memory,
        lambda r: abs(_get_growth(r) / r.figures["estimated_bytes"] - 1) <= 0.15,
    ),
    Target(
        "a second process sees a write (PostgreSQL)",
        "p99 ≤ 250 ms",
        "following",
        lambda r: f"{r.figures['p99_ms']:.1f} ms (p50 {r.figures['p50_ms']:.1f} ms)",
        lambda r: r.figures["p99_ms"] <= 250,
    ),
    *(
        Target(
            f"against {title}, durable adds in batches of 256",
            "ahead, or why not",
            "peers",
            tell_adds(name),
            judge_adds(name),
        )
        for name, title in PEERS.items()
    ),
    *(
        Target(
            f"against {title}, queries/s at a recall@10 of 0.98",
            "ahead, or why not",
            "peers",
            tell_queries(name),
            judge_queries(name),
        )
        for name, title in PEERS.items()
    ),
)
"""As they were set, in the same order."""
