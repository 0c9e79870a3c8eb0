"""Measures part after part, and writes the report.

    python -m benchmarks.index CACHE [--scale small] [--only PART ...] [--sentences] [--again]

Each part leaves its result in the CACHE folder, under a digest of what was measured, and is not
measured again until that changes: an interrupted run goes on where it was. The small scale tries
everything in a few minutes; its report stays in CACHE, because its figures are not the targets'.
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
from benchmarks.index.digests import compute_digest
from benchmarks.index.parts import (
    adding,
    exact,
    following,
    growth,
    million,
    peers,
    sentences,
    writing,
)
from benchmarks.index.report.page import Page, render
from benchmarks.index.report.plots import draw
from benchmarks.index.scales import SCALES, Scale
from benchmarks.index.served.postgresql import describe_postgresql
from benchmarks.machine import describe_machine
from benchmarks.results import Result, begin, load, save

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final[Mapping[str, Callable[[Scale, Path], Result]]] = {
    "exact": exact.measure,
    "adding": adding.measure,
    "writing": writing.measure,
    "following": following.measure,
    "growth": growth.measure,
    "million": million.measure,
    "peers": peers.measure,
    "sentences": sentences.measure,
}
_PACKAGES: Final = ("faiss-cpu", "numpy", "sqlalchemy", "psycopg", "chromadb", "lancedb")
_ASKED_FOR: Final = "sentences"
"""Embedding takes some ten minutes by itself: measured only when it is asked for."""


def main(arguments: list[str]) -> int:
    """Measure what has no result yet. Returns the exit status."""
    end_on_signals()
    asked = _parse(arguments)
    scale = SCALES[asked.scale]
    store = asked.cache / "bench-index" / scale.name
    kept = {name: f"{name}-{compute_digest(ROOT, name)}" for name in PARTS}
    names = asked.only or [name for name in PARTS if name != _ASKED_FOR or asked.sentences]
    failed: list[str] = []
    for name in names:
        if asked.again or load(store, kept[name]) is None:
            print(f"==> {name}", flush=True)
            try:
                save(store, kept[name], run(PARTS[name], scale))
            except Exception:  # noqa: BLE001  the other parts can still be measured
                traceback.print_exc()
                failed.append(name)
        results = {each: found for each in PARTS if (found := load(store, kept[each]))}
        write_report(results, scale, store)
    return int(bool(failed))


def run(measure: Callable[[Scale, Path], Result], scale: Scale) -> Result:
    """One part in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gpu-embedding-bench-"))
    finish = begin()
    try:
        result = measure(scale, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return finish(result)


def write_report(results: Mapping[str, Result], scale: Scale, store: Path) -> None:
    """The page and its plots; of a trial they stay in `store`."""
    docs = ROOT / "docs" if scale.name == "full" else store / "docs"
    images = draw(results, docs / "images")
    page = Page(
        scale=scale,
        results=results,
        machine=list(describe_machine(ROOT, _PACKAGES, describe_postgresql())),
        images=[path.relative_to(docs).as_posix() for path in images],
    )
    path = docs / "benchmarks-index.md"
    path.write_text(render(page), encoding="utf-8")
    print(f"==> {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path} is written")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench-index", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("cache", type=Path)
    parser.add_argument("--scale", choices=SCALES, default="full")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", default=[])
    parser.add_argument("--sentences", action="store_true")
    parser.add_argument("--again", action="store_true", help="measure what has a result as well")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
