"""What every page of figures has: targets with verdicts, parts with all they measured. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.results import Result
from benchmarks.targets import MOST_OTHERS, Target, judge_all


def tell_targets(targets: Sequence[Target], results: Mapping[str, Result]) -> Iterator[str]:
    """A row for each."""
    yield from ("", "## Targets", "")
    yield from write_table(
        ("what", "target", "measured", "verdict"),
        [
            (row.what, row.wanted, row.measured, str(row.verdict))
            for row in judge_all(targets, results)
        ],
    )


def tell_parts(results: Mapping[str, Result]) -> Iterator[str]:
    """How long each part took, how quiet it was, and all of its figures."""
    yield from ("", "## The run", "")
    yield (
        "Others: the share of all cores' time that was not to be had during a part, taken by other "
        "processes, by the kernel for the disk, or by the hypervisor. Above "
        f"{MOST_OTHERS:.0%} a verdict is called disturbed."
    )
    yield ""
    yield from write_table(
        ("part", "minutes", "others", "finished"),
        [
            (
                f"`{name}`",
                f"{result.seconds / 60:.1f}",
                "not measured" if result.lacking else f"{result.others:.0%}",
                result.finished,
            )
            for name, result in results.items()
        ],
    )
    for name, result in results.items():
        cells = [(key, f"{value:,.6g}") for key, value in result.figures.items()]
        if result.lacking:
            yield from ("", f"### {name}", "", f"Not measured: {result.lacking}.")
        elif cells or result.notes:
            yield from ("", f"### {name}", "")
            yield from write_table(("figure", "value"), [*cells, *result.notes.items()])


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table in Markdown."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
