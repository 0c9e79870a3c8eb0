"""How long each server takes from nothing to its first vectors."""

from pathlib import Path

from benchmarks.results import Result
from benchmarks.serving.models import find_minilm
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.server import serving
from benchmarks.serving.stage.stage import list_plans


def measure(scale: Scale, folder: Path) -> Result:
    """Curves of seconds by peer, in turns, one alone at a time; files are in the page cache."""
    model, result = find_minilm(), Result()
    for number in range(scale.starts + 1):
        for plan in list_plans(model):
            with serving(plan, folder) as server:
                seconds = server.start_seconds
            print(f"    {plan.name}: {seconds:.2f} s", flush=True)
            if number:  # the first ones bring the files into memory
                result.curves.setdefault(plan.name, []).append([seconds])
    return result
