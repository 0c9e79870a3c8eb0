"""Measures one part after the other, on one stage, and writes the report.

    python -m benchmarks.operator CACHE [--scale small]

All parts are of one life of one cluster, so that an interrupted run begins anew; a whole one takes
about a quarter of an hour. The small scale tries everything in a few minutes; its report stays in
CACHE, because its figures are not the targets'.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from benchmarks.endings import end_on_signals
from benchmarks.machine import describe_machine
from benchmarks.operator.parts import changes, provision, rest, restart
from benchmarks.operator.report.page import Page, render
from benchmarks.operator.scales import SCALES, Scale
from benchmarks.operator.stage.process import operating
from benchmarks.operator.stage.stage import setting_stage
from benchmarks.results import Result, begin, save
from tests.cluster.failures import ClusterFailure
from tests.cluster.sites import this_site

ROOT: Final = Path(__file__).resolve().parents[2]
_PACKAGES: Final = ("kopf", "kubernetes", "aiohttp", "pydantic")


def main(arguments: list[str]) -> int:
    """Measure all of it. Returns the exit status."""
    end_on_signals()
    asked = _parse(arguments)
    scale = SCALES[asked.scale]
    store = asked.cache / "bench-operator" / scale.name
    try:
        with tempfile.TemporaryDirectory(prefix="gpu-embedding-bench-") as folder:
            results = asyncio.run(measure(scale, Path(folder)))
    except (ClusterFailure, TimeoutError) as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 1
    for name, result in results.items():
        save(store, name, result)
    write_report(results, scale, store)
    return 0


async def measure(scale: Scale, folder: Path) -> dict[str, Result]:
    """Two operators, one after the other: the second finds what the first has made."""
    results: dict[str, Result] = {}
    async with setting_stage(scale, folder) as stage:
        finish = _announce("provision")
        async with operating(stage) as operator:
            results["provision"] = finish(await provision.measure(stage, scale, operator))
            finish = _announce("rest")
            results["rest"] = finish(await rest.measure(stage, scale, operator))
        finish = _announce("restart")
        mark, began = stage.mark(), time.monotonic()
        async with operating(stage) as operator:
            found = await restart.measure(stage, scale, operator, mark, began)
            results["restart"] = finish(found)
            finish = _announce("changes")
            results["changes"] = finish(await changes.measure(stage, scale, operator))
    return results


def write_report(results: Mapping[str, Result], scale: Scale, store: Path) -> None:
    """The page; of a trial it stays in `store`."""
    docs = ROOT / "docs" if scale.name == "full" else store / "docs"
    docs.mkdir(parents=True, exist_ok=True)
    kubernetes = f"Kubernetes {this_site().kubernetes}"
    page = Page(scale, results, list(describe_machine(ROOT, _PACKAGES, kubernetes)))
    path = docs / "benchmarks-operator.md"
    path.write_text(render(page), encoding="utf-8")
    print(f"==> {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path} is written")


def _announce(part: str) -> Callable[[Result], Result]:
    print(f"==> {part}", flush=True)
    return begin()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench-operator", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("cache", type=Path)
    parser.add_argument("--scale", choices=SCALES, default="full")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
