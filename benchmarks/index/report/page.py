"""docs/benchmarks-index.md. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.index.report.plots import list_sizes
from benchmarks.index.report.rivals import TITLES
from benchmarks.index.report.targets import TARGETS
from benchmarks.index.scales import Scale
from benchmarks.pages import tell_parts, tell_targets, write_table
from benchmarks.results import Result

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page tells."""

    scale: Scale
    results: Mapping[str, Result]
    machine: Sequence[str]
    images: Sequence[str]
    """Relative to the page."""


def render(page: Page) -> str:
    """The whole text."""
    lines = [
        "# Benchmarks of indexes",
        "",
        "<!-- Written by `make bench-index`. -->",
        "",
        *(f"- {line}" for line in page.machine),
        *_describe_run(page.scale),
        *_warn(page.scale),
        *tell_targets(TARGETS, page.results),
        *_tell_growth(page),
        *_tell_peers(page),
        *_tell_sentences(page),
        *tell_parts(page.results),
    ]
    return "\n".join(lines) + "\n"


def _warn(scale: Scale) -> Iterator[str]:
    if scale.name != "full":
        yield ""
        yield (
            f"**A trial: {scale.rows:,} rows instead of 100,000, and {scale.most_rows:,} instead "
            "of 1,000,000.**"
        )


def _describe_run(scale: Scale) -> Iterator[str]:
    small = "" if scale.name == "full" else f" ARGUMENTS='--scale {scale.name}'"
    yield f"- Command: `make bench-index{small}`"
    yield (
        "- Vectors: 300 weak clusters in 192 dimensions, mapped to 384 and of unit length; queries "
        "are of the same kind and not among the rows; k is 10"
    )
    yield (
        "- Raw FAISS: the same queries one by one from as many threads, each without OpenMP, in "
        "the same run"
    )
    yield (
        "- The client is on the same cores. Searches are answered with ids and scores, unless it "
        "says otherwise"
    )


def _tell_growth(page: Page) -> Iterator[str]:
    sizes = list_sizes(page.results)
    if not sizes:
        return
    yield from ("", "## Growth", "")
    yield "By vector over HTTP, one query at a time, engine `auto`, once segments are built."
    yield from _show(page.images, "growth")
    yield ""
    yield from write_table(
        (
            "rows",
            "recall@10",
            "p50, ms",
            "p95, ms",
            "PSS of the server, MiB",
            "told by the API, MiB",
        ),
        [
            (
                f"{rows:,.0f}",
                f"{recall:.4f}",
                f"{p50:.2f}",
                f"{p95:.2f}",
                f"{pss / _MIB:,.0f}",
                f"{told / _MIB:,.0f}",
            )
            for rows, recall, p50, p95, pss, told in sizes
        ],
    )


def _tell_peers(page: Page) -> Iterator[str]:
    result = page.results.get("peers")
    if result is None:
        return
    yield from ("", "## Beside Chroma and LanceDB", "")
    yield (
        f"{page.scale.rows:,} rows, in process, each with its own defaults. An effort is here how "
        "many rows are rescored for each that is wanted, with a sixteenth of the lists probed (0: "
        "what a search does when nobody chooses), for Chroma `ef_search`, for LanceDB `nprobes`, "
        "with 10 rows rescored for each that is wanted."
    )
    yield from _show(page.images, "recall")
    yield ""
    yield from write_table(
        ("", "adds, rows/s", "fsyncs a batch of 256", "then built in, s"),
        [
            (
                title,
                f"{result.figures[f'{name}_adds_per_second']:,.0f}",
                _count(result.figures.get(f"{name}_syncs")),
                f"{result.figures[f'{name}_build_seconds']:.1f}",
            )
            for name, title in TITLES.items()
        ],
    )
    yield ""
    yield result.notes.get("syncs") or (
        "fsyncs are counted by strace (fsync, fdatasync, msync, sync, sync_file_range), those of "
        "an empty run taken off. Who has none acknowledges what a power cut takes back."
    )
    yield ""
    yield from write_table(
        ("", "effort", "recall@10", "p50, ms", "queries/s on all cores"),
        [
            (title, f"{effort:g}", f"{recall:.4f}", f"{p50:.2f}", f"{rate:,.0f}")
            for name, title in TITLES.items()
            for effort, recall, p50, rate in result.curves[name]
        ],
    )


def _tell_sentences(page: Page) -> Iterator[str]:
    yield from ("", "## Real sentences", "")
    result = page.results.get("sentences")
    if result is None:
        yield (
            "Not measured: embedding 100,000 sentences takes some ten minutes by itself. "
            "`make bench-index FULL=1` measures them as well."
        )
        return
    figures = result.figures
    yield (
        f"{figures['rows']:,.0f} sentences of installed packages' documentation, embedded by "
        f"all-MiniLM-L6-v2, engine `auto`: recall@10 {figures['recall']:.4f}, p50 "
        f"{figures['p50_ms']:.2f} ms, p95 {figures['p95_ms']:.2f} ms by vector over HTTP."
    )


def _count(syncs: float | None) -> str:
    return "unknown" if syncs is None else f"{syncs:.1f}"


def _show(images: Sequence[str], word: str) -> Iterator[str]:
    for image in images:
        if word in image:
            yield from ("", f"![{word}]({image})")
