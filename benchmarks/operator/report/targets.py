"""Each target with what was measured for it. Pure."""

from collections.abc import Sequence
from typing import Final

from benchmarks.results import Result
from benchmarks.targets import Target

_MEGABYTES: Final = 250
_MIB: Final = 2**20


def _peak(result: Result) -> float:
    """Megabytes."""
    return result.figures["peak_memory_mib"] * _MIB / 1e6


def _memory(part: str, what: str) -> Target:
    return Target(
        f"memory of the operator (resident), {what}",
        f"≤ {_MEGABYTES} MB",
        part,
        lambda r: f"peak {_peak(r):.0f} MB; then {r.figures['memory_mib'] * _MIB / 1e6:.0f} MB",
        lambda r: _peak(r) <= _MEGABYTES,
    )


def _core(part: str, what: str) -> Target:
    return Target(
        f"CPU of the operator, {what}",
        "≤ one core",
        part,
        lambda r: (
            f"{r.figures['busiest_share_of_a_core']:.2f} cores in the busiest 10 s; "
            f"{r.figures['cpu_seconds_per_minute']:.1f} CPU seconds a minute"
        ),
        lambda r: r.figures["busiest_share_of_a_core"] <= 1,
    )


def _reactions(name: str, what: str) -> Target:
    return Target(
        f"from {what} to the first child's write, in the audit log",
        "p95 ≤ 1 s",
        "changes",
        lambda r: (
            f"p95 {r.figures[f'{name}_p95_seconds']:.2f} s (p50 "
            f"{r.figures[f'{name}_p50_seconds']:.2f} s, p99 {r.figures[f'{name}_p99_seconds']:.2f} "
            f"s) of {r.figures[f'{name}s']:.0f}"
        ),
        lambda r: r.figures[f"{name}_p95_seconds"] <= 1,
    )


TARGETS: Final[Sequence[Target]] = (
    _memory("provision", "while all indexes are made and at rest after it"),
    _memory("changes", "after a restart, and while specs change"),
    _core("provision", "while all indexes are made"),
    _core("rest", "at rest"),
    _core("changes", "while specs change"),
    Target(
        "passes at once, after a restart",
        "≤ 8",
        "restart",
        lambda r: f"{r.figures['most_passes_at_once']:.0f}, of what was seen twice a second",
        lambda r: 0 < r.figures["most_passes_at_once"] <= 8,
    ),
    Target(
        "API requests, after a restart",
        "≤ 50 a second",
        "restart",
        lambda r: (
            f"at most {r.figures['most_requests_in_a_second']:.0f} in any second; in any 10 s "
            f"{r.figures['most_requests_in_10_seconds'] / 10:.0f} a second; "
            f"{r.figures['requests']:.0f} in all"
        ),
        lambda r: r.figures["most_requests_in_a_second"] <= 50,
    ),
    Target(
        "API requests, while all indexes are made",
        "≤ 50 a second",
        "provision",
        lambda r: (
            f"at most {r.figures['most_requests_in_a_second']:.0f} in any second; in any 10 s "
            f"{r.figures['most_requests_in_10_seconds'] / 10:.0f} a second; on average "
            f"{r.figures['requests_per_second']:.0f}"
        ),
        lambda r: r.figures["most_requests_in_a_second"] <= 50,
    ),
    Target(
        "full resync, from the start of the process until every index has had a pass",
        "≤ 60 s",
        "restart",
        lambda r: f"{r.figures['resync_seconds']:.1f} s",
        lambda r: r.figures["resync_seconds"] <= 60,
    ),
    Target(
        "writes after a restart",
        "none",
        "restart",
        lambda r: f"{r.figures['writes']:.0f}",
        lambda r: r.figures["writes"] == 0,
    ),
    Target(
        "writes at rest",
        "none",
        "rest",
        lambda r: (
            f"{r.figures['writes']:.0f} in {r.figures['measured_seconds']:.0f} s; "
            f"{r.figures['requests_per_second']:.2f} requests a second in all"
        ),
        lambda r: r.figures["writes"] == 0,
    ),
    _reactions("change", "a change of a spec"),
    _reactions("addition", "a new index"),
    _reactions("write", "either"),
)
"""As they were set; a bound that is to hold always has a row for each time it was looked at."""
