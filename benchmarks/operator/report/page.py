"""docs/benchmarks-operator.md. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.operator.report.targets import TARGETS
from benchmarks.operator.scales import FULL, Scale
from benchmarks.operator.stage.specs import MIXED, REACHED, SCHEDULED, SERVERS, SMALLEST
from benchmarks.pages import tell_parts, tell_targets, write_table
from benchmarks.results import Result

_CURVE = (
    ("at the start, without any index", "provision", "empty_memory_mib"),
    ("when all are made", "provision", "memory_mib"),
    ("after minutes at rest", "rest", "memory_mib"),
    ("another process, after its first look at all", "restart", "memory_mib"),
    ("the same, after changes", "changes", "memory_mib"),
)
_WORK = ("provision", "rest", "restart", "changes")


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page tells."""

    scale: Scale
    results: Mapping[str, Result]
    machine: Sequence[str]


def render(page: Page) -> str:
    """The whole text."""
    lines = [
        "# Benchmarks of the operator",
        "",
        "<!-- Written by `make bench-operator`. -->",
        "",
        *(f"- {line}" for line in page.machine),
        *_describe_run(page.scale),
        *tell_targets(TARGETS, page.results),
        *_tell_work(page.results),
        *_tell_memory(page.results),
        *tell_parts(page.results),
    ]
    return "\n".join(lines) + "\n"


def _describe_run(scale: Scale) -> Iterator[str]:
    small = "" if scale is FULL else f" ARGUMENTS='--scale {scale.name}'"
    yield f"- Command: `make bench-operator{small}`"
    shares = {
        "the smallest there is": SMALLEST,
        "two pods on PostgreSQL and S3": SERVERS,
        "with Ingress and alias, all on one host": REACHED,
        "with a schedule of snapshots": SCHEDULED,
    }
    told = ", ".join(f"{MIXED.count(spec)} {name}" for name, spec in shares.items())
    yield f"- Indexes: {scale.indexes:,} in {scale.namespaces} namespaces; of ten {told}"
    yield (
        "- A real API server and its etcd, without kubelets: pods are ready at once, and one "
        "process answers for all of them on port 8002"
    )
    yield (
        "- They and the load are on the same cores as the operator; its own time and memory are "
        "the kernel's count of its process (`/proc`), in MB of 10^6 bytes where a target says MB"
    )
    yield (
        "- Requests are those of the audit log, lists and watches of the framework included; a "
        "reaction is from the moment the spec's write came in until the child's was answered"
    )
    if scale is not FULL:
        yield ""
        yield f"**A trial: {scale.indexes:,} indexes instead of {FULL.indexes:,}.**"


def _tell_work(results: Mapping[str, Result]) -> Iterator[str]:
    yield from ("", "## What it does", "")
    yield "A pass is one look at one index; its time is as the operator's own histogram has it."
    yield ""
    names = (
        ("seconds", "measured_seconds", "{:,.0f}"),
        ("passes", "passes", "{:,.0f}"),
        ("mean of a pass, ms", "pass_mean_ms", "{:,.1f}"),
        ("p95 of a pass, ms, at most", "pass_p95_at_most_ms", "{:,.0f}"),
        ("CPU seconds", "cpu_seconds", "{:,.1f}"),
        ("CPU seconds a minute", "cpu_seconds_per_minute", "{:,.1f}"),
        ("requests a second", "requests_per_second", "{:,.2f}"),
        ("lists", "requests_list", "{:,.0f}"),
        ("watches begun", "requests_watch", "{:,.0f}"),
        ("reads", "requests_get", "{:,.0f}"),
        ("writes", "writes", "{:,.0f}"),
        ("events watched", "watch_events", "{:,.0f}"),
    )
    yield from write_table(
        ("", *(f"`{part}`" for part in _WORK)),
        [
            (
                title,
                *(_show(results.get(part), name, form) for part in _WORK),
            )
            for title, name, form in names
        ],
    )
    if (made := results.get("provision")) is not None:
        yield ""
        yield (
            f"All indexes were written within {made.figures['written_seconds']:.0f} s, and ready "
            f"after {made.figures['ready_seconds']:.0f} s: "
            f"{made.figures['requests_of_an_index']:.1f} requests for each, at the operator's own "
            "bound of requests a second."
        )


def _tell_memory(results: Mapping[str, Result]) -> Iterator[str]:
    yield from ("", "## Its memory", "")
    yield from write_table(
        ("", "resident, MiB"),
        [(title, _show(results.get(part), name, "{:,.0f}")) for title, part, name in _CURVE],
    )


def _show(result: Result | None, name: str, form: str) -> str:
    if result is None:
        return "not measured"
    return form.format(result.figures.get(name, 0.0))
