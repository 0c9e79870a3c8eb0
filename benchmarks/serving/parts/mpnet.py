"""A model five times as large: all-mpnet-base-v2."""

from pathlib import Path
from typing import Final

from benchmarks.results import Result
from benchmarks.serving.loads import Load, make_bodies
from benchmarks.serving.models import find_mpnet
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.peers import plan_naive, plan_ours
from benchmarks.serving.stage.sample import take_sample
from benchmarks.serving.stage.server import serving
from benchmarks.serving.stage.truth import find_truth
from embedding_service.inference.cores import usable_cores

SINGLE: Final = Load("single_short", "one at a time, short", "short", 1)
MANY: Final = Load("many_short", "concurrency 32, short", "short", 32)
HUNDRED: Final = Load("hundred_short", "100 in a request, short", "short", 1, 100)
MIXED: Final = Load("many_mixed", "concurrency 32, mixed", "mixed", 32)
LOADS: Final = (SINGLE, MANY, HUNDRED, MIXED)
_TEXTS: Final = 512
_KEPT: Final = 8


def measure(scale: Scale, folder: Path) -> Result:
    """Curves `LOAD/PEER` of samples, for this server and the naive one with all cores."""
    model = find_mpnet()
    if model is None:
        return Result(lacking="all-mpnet-base-v2 is not here; `make bench-full` installs it")
    bodies = {
        load: make_bodies(model, load.texts, max(_TEXTS // load.batch, 4), load.batch)
        for load in LOADS
    }
    compared = [
        text for each in bodies.values() if each.batch == 1 for (text,) in each.texts[:_KEPT]
    ]
    truth = find_truth(model, list(dict.fromkeys(compared)), folder)
    result = Result()
    naive = plan_naive(model, usable_cores())
    with serving(plan_ours(model), folder) as ours, serving(naive, folder) as other:
        for _ in range(scale.rounds):
            for load in LOADS:
                for server in (ours, other):
                    drive = Drive(bodies[load], scale.seconds, load.connections, kept=_KEPT)
                    sample = take_sample(server, drive, model.read_shape(), truth)
                    print(f"    {load.title}: {server.name} {sample.texts_per_second:.1f} texts/s")
                    curve = f"{load.name}/{server.name}"
                    result.curves.setdefault(curve, []).append(sample.write())
    return result
