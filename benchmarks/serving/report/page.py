"""docs/benchmarks.md. Pure."""

from collections.abc import Collection, Iterator
from typing import Final

from benchmarks.pages import tell_parts, tell_targets, write_table
from benchmarks.results import Result
from benchmarks.serving.book import COMPARISON, Book, list_speeds, read_best
from benchmarks.serving.loads import LOADS
from benchmarks.serving.report.comparing import list_samples
from benchmarks.serving.report.gpu_targets import GPU_TARGETS
from benchmarks.serving.report.loads import tell_load
from benchmarks.serving.report.long import show, tell_long
from benchmarks.serving.report.long_targets import LONG_TARGETS
from benchmarks.serving.report.speeds import SLOW, is_slow
from benchmarks.serving.report.targets import list_targets
from benchmarks.serving.stage.peers import TITLES
from benchmarks.targets import Row, Target, Verdict, judge_all

_BUSY: Final = 0.7
"""Share of a core from which on the generator of a load may be what is measured."""
_METHOD: Final = """\
- Commands: `make bench`; `make bench-full` for what takes longer, `make bench-gpu` for a GPU
- Every server is a process of its own, on the same cores as the load. All are alive at once and are
  loaded in turns with the same texts; a figure is the median of the turns, with its range
- Texts are made of the model's own vocabulary with a seed: short 8 to 16 words (18 tokens), medium
  100 (135), mixed 60 % 3 to 16, 30 % 40 to 160, 10 % 160 to 320 (76). Tokens are those that the
  model reads
- this: without indexes (`DATABASE_URL=none`), which nobody else here holds, as the embedding tier
  of a cluster runs; nothing else is set
- naive: FastAPI with `async def` over `SentenceTransformer.encode`, with 1 and with 2 threads of
  torch; the faster one under a load counts. infinity-emb: as it comes. The raw model: `encode` of
  as many texts at a time as come at a time, without a server
- Between turns a product of two float32 matrices of 2048 by 2048 is timed on all cores, in torch's
  default form and in oneDNN's prepacked one. A turn in which it was below 80 % of the run's best is
  repeated
- GFLOP/s are the operations that the texts' tokens need, without padding; a share is that of the
  best product
- Memory is the proportional set size of all of a server's processes, the most that was seen; CPU is
  theirs alone. The load comes from a process that reads no more of an answer than its length, and
  the clock stops at its last byte"""


def render(book: Book) -> str:
    """The whole text."""
    result = book.results.get(COMPARISON)
    lines = [
        "# Benchmarks of serving",
        "",
        "<!-- Written by `make bench` and `make generate` from benchmarks.json. -->",
        "",
        *(f"- {line}" for line in book.machine),
        _METHOD,
        *_warn(book),
        *tell_targets(_list_targets(book), book.results),
        *(_tell_comparison(result) if result else ()),
        *tell_long(book.results),
        *_tell_before(book),
        *_tell_commits(book),
        *tell_parts(book.results),
    ]
    return "\n".join(lines) + "\n"


def list_rows(book: Book, parts: Collection[str]) -> list[Row]:
    """With a verdict each, those of these parts."""
    targets = [target for target in _list_targets(book) if target.part in parts]
    return judge_all(targets, book.results)


def is_met(row: Row) -> bool:
    """Disturbed or not; what was not measured is not."""
    return row.verdict in {Verdict.MET, Verdict.MET_DISTURBED}


def _list_targets(book: Book) -> list[Target]:
    return [*list_targets(book.results.get(COMPARISON)), *LONG_TARGETS, *GPU_TARGETS]


def _warn(book: Book) -> Iterator[str]:
    if book.scale != "full":
        yield ""
        yield "**A trial: loads of seconds, and one turn. Its figures say that it works, no more.**"


def _tell_comparison(result: Result) -> Iterator[str]:
    figures = result.figures
    default, prepacked = (figures[f"gemm_{form}_gflops"] for form in ("default", "prepacked"))
    yield from ("", "## The machine", "")
    yield (
        f"The best products of matrices: default {default:.0f} GFLOP/s, prepacked "
        f"{prepacked:.0f}. Default is {'below' if is_slow(result) else 'not below'} {SLOW:.0%} of "
        f"prepacked, so {'more' if is_slow(result) else 'less'} is asked for against the naive "
        f"server. {figures['turns_repeated']:.0f} of {figures['turns']:.0f} turns were repeated "
        f"ones; {figures['turns_on_a_slow_machine']:.0f} of those that count were on a slow "
        "machine all the same."
    )
    busiest = max(
        each.generator
        for load in LOADS
        for peer in TITLES
        for each in list_samples(result, load, peer)
    )
    yield ""
    yield f"The generator of the load took {busiest:.0%} of one core at most" + (
        ": **it may be what was measured there.**" if busiest > _BUSY else "."
    )
    starts = ", ".join(
        f"{TITLES[name]} {figures[f'start_seconds_{name}']:.1f} s"
        for name in TITLES
        if f"start_seconds_{name}" in figures
    )
    yield ""
    yield f"From the start of a process to its first vectors, once each: {starts}."
    yield from show(COMPARISON)
    for load in LOADS:
        yield from tell_load(result, load, read_best(result))


def _tell_before(book: Book) -> Iterator[str]:
    before, entry = book.before, book.parts.get(COMPARISON)
    if before is None or entry is None:
        return
    same = before.processor == entry.processor
    best, now = read_best(entry.result), list_speeds(entry.result)
    yield from ("", "## Beside the run before", "")
    yield (
        f"It was of commit {before.commit}, {before.finished}, on {before.processor}, with "
        f"{before.gflops:.0f} GFLOP/s at best, now {best:.0f}"
        + ("." if same else ": **another processor, so that speeds do not compare.**")
    )
    yield ""
    names = {
        f"{load.name}/{peer}": (load.title, title)
        for load in LOADS
        for peer, title in TITLES.items()
    }
    yield from write_table(
        ("load", "", "texts/s then", "now", "times", "times, for the same GFLOP/s"),
        [
            (
                *names[name],
                f"{then:.1f}",
                f"{now[name]:.1f}",
                f"{now[name] / then:.2f}",
                f"{now[name] / then * before.gflops / best:.2f}",
            )
            for name, then in before.speeds.items()
            if name in now and name in names and then
        ],
    )


def _tell_commits(book: Book) -> Iterator[str]:
    yield from ("", "## What was measured when", "")
    yield "A part keeps its figures until it is measured again: `make bench` measures one of them."
    yield ""
    yield from write_table(
        ("part", "commit", "processor"),
        [(f"`{name}`", entry.commit, entry.processor) for name, entry in book.parts.items()],
    )
