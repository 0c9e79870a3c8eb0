"""Measures the serving of embeddings beside others, and writes the report.

    python -m benchmarks.serving CACHE [--full [--background]] [--only PART ...] [--again]
        [--scale small]

Without --full the comparison alone, anew each time (20 minutes at most). With it every part that
has no result of this code on this machine: an interrupted run goes on where it was. Exit status 1
where a row of what was asked for is not met. Results are kept in docs/benchmarks.json, of a trial
in CACHE.
"""

import argparse
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from benchmarks.endings import end_on_signals
from benchmarks.machine import describe_machine, find_commit, find_features, find_processor, say
from benchmarks.results import Result, begin
from benchmarks.serving import book as books
from benchmarks.serving.background import continue_in_background
from benchmarks.serving.book import COMPARISON, GPU, Book, Entry
from benchmarks.serving.digests import compute_digest
from benchmarks.serving.parts import (
    ablation,
    clients,
    comparison,
    gpu,
    growth,
    mpnet,
    offered,
    soak,
    starts,
)
from benchmarks.serving.report.page import is_met, list_rows, render
from benchmarks.serving.report.performance import insert_ablation
from benchmarks.serving.report.plots import draw
from benchmarks.serving.scales import SCALES, Scale
from benchmarks.serving.stage.peers import INFINITY_BIN

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final[Mapping[str, Callable[[Scale, Path], Result]]] = {
    COMPARISON: comparison.measure,
    "growth": growth.measure,
    "offered": offered.measure,
    "ablation": ablation.measure,
    "starts": starts.measure,
    "clients": clients.measure,
    "mpnet": mpnet.measure,
    "soak": soak.measure,
    GPU: gpu.measure,
}
_PACKAGES: Final = ("torch", "sentence-transformers", "transformers", "fastapi", "uvicorn")
_FEATURES: Final = (
    *("avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_int8", "amx_bf16"),
)
_TELL_VERSIONS: Final = """
from importlib.metadata import version
print(*(f"{name} {version(name)}" for name in ("infinity-emb", "torch", "transformers")), sep=", ")
"""


def main(arguments: list[str]) -> int:
    """Measure what was asked for. Returns the exit status."""
    asked = _parse(arguments)
    if asked.background:
        return continue_in_background(arguments, asked.cache / "bench")
    end_on_signals()
    scale = SCALES[asked.scale]
    docs = ROOT / "docs" if scale.name == "full" else asked.cache / "bench" / scale.name
    book = books.load(docs / "benchmarks.json")
    book.scale = scale.name
    names = asked.only or ([name for name in PARTS if name != GPU] if asked.full else [COMPARISON])
    failed = [name for name in names if not _measure(name, scale, book, docs, asked)]
    rows = list_rows(book, names)
    for row in rows:
        print(f"{row.verdict.strip('*')}: {row.what}: {row.wanted}; {row.measured}")
    return int(bool(failed) or not all(map(is_met, rows)))


def _measure(name: str, scale: Scale, book: Book, docs: Path, asked: argparse.Namespace) -> bool:
    """Whether the part has a result; with --full one that is there already is enough."""
    processor = find_processor()
    digest = compute_digest(ROOT, name, processor)
    is_known = name in book.parts and book.parts[name].digest == digest
    if asked.full and is_known and not asked.again:
        return True
    print(f"==> {name}", flush=True)
    try:
        result = run(PARTS[name], scale)
    except Exception:  # noqa: BLE001  the other parts can still be measured
        traceback.print_exc()
        return False
    book.enter(name, Entry(result, digest, find_commit(ROOT), processor))
    write_report(book, docs)
    return True


def run(measure: Callable[[Scale, Path], Result], scale: Scale) -> Result:
    """One part in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gpu-embedding-bench-"))
    finish = begin()
    try:
        return finish(measure(scale, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_report(book: Book, docs: Path) -> None:
    """The book, its page and plots; and in the page about performance what levers bring."""
    book.machine = _describe()
    books.save(docs / "benchmarks.json", book)
    book = books.load(docs / "benchmarks.json")  # as `make generate` has it: with fewer digits
    draw(book.results, docs / "images")
    path = docs / "benchmarks.md"
    path.write_text(render(book), encoding="utf-8")
    print(f"==> {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path} is written")
    performance = docs / "performance.md"
    if performance.exists():
        told = insert_ablation(performance.read_text(encoding="utf-8"), book)
        performance.write_text(told, encoding="utf-8")


def _describe() -> list[str]:
    python = INFINITY_BIN / "python"
    infinity = say([str(python), "-c", _TELL_VERSIONS]) if python.exists() else "no infinity-emb"
    return [
        *describe_machine(ROOT, _PACKAGES),
        f"In an environment of its own: {infinity}",
        f"Features of the processor: {', '.join(find_features(_FEATURES)) or 'unknown'}",
    ]


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--background", action="store_true", help="return at once")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", default=[])
    parser.add_argument("--again", action="store_true", help="measure what has a result as well")
    parser.add_argument("--scale", choices=SCALES, default="full")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
