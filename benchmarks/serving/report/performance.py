"""What each lever brings, in docs/performance.md. Pure."""

from collections.abc import Iterator
from typing import Final

from benchmarks.pages import write_table
from benchmarks.results import Result
from benchmarks.serving.book import Book
from benchmarks.serving.levers import LEVERS, Lever
from benchmarks.serving.loads import LOADS
from benchmarks.serving.report.comparing import spread
from benchmarks.targets import MOST_OTHERS

BEGIN: Final = "<!-- Written by `make bench-full` and `make generate` from benchmarks.json. -->"
END: Final = "<!-- As far as here. -->"


def insert_ablation(page: str, book: Book) -> str:
    """What was measured last between the page's two marks. Raises ValueError without them."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"docs/performance.md has to hold the lines {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{tell_ablation(book)}\n\n{END}{tail}"


def tell_ablation(book: Book) -> str:
    """The table, or that there is none."""
    entry = book.parts.get("ablation")
    if entry is None:
        return "Not measured yet: `make bench-full` does."
    result = entry.result
    disturbed = f"; others took {result.others:.0%} of it" if result.others > MOST_OTHERS else ""
    head = (
        "Times the texts/s without it, the median and range of rounds in turns. Measured on "
        f"{entry.processor}, commit {entry.commit}, {result.finished}{disturbed}."
    )
    return "\n".join([head, "", *_tell_table(result)])


def _tell_table(result: Result) -> Iterator[str]:
    yield from write_table(
        ("lever", *(load.title for load in LOADS), "least cosine of the other server"),
        [_tell_lever(result, lever) for lever in LEVERS],
    )


def _tell_lever(result: Result, lever: Lever) -> list[str]:
    if lever.name in result.notes:
        return [lever.title, *("" for _ in LOADS), result.notes[lever.name]]
    points = {load: result.curves.get(f"{lever.name}/{load.name}", []) for load in LOADS}
    gains = [
        spread([point[0] for point in each]).tell() if each else "" for each in points.values()
    ]
    cosines = [point[3] for each in points.values() for point in each]
    return [lever.title, *gains, f"{min(cosines):.6f}" if cosines else ""]
