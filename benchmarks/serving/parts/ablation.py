"""Each lever alone: the default server beside one without it, or with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.results import Result
from benchmarks.serving.levers import LEVERS, Lever
from benchmarks.serving.loads import LOADS, Bodies, Load
from benchmarks.serving.models import Model, find_minilm
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.peers import plan_ours
from benchmarks.serving.stage.sample import Sample, take_sample
from benchmarks.serving.stage.server import Server, serving
from benchmarks.serving.stage.stage import list_compared, make_all_bodies
from benchmarks.serving.stage.truth import Truth, find_truth
from embedding_service.settings import Settings

_KEPT: Final = 32
COLUMNS: Final = ("gain", "default_per_second", "other_per_second", "other_cosine")


@dataclass(frozen=True, slots=True)
class _Ground:
    """What both servers are measured with."""

    model: Model
    scale: Scale
    bodies: Mapping[Load, Bodies]
    truth: Truth

    def sample(self, server: Server, load: Load) -> Sample:
        """`load` on `server`, warmed up by the same before."""
        scale, bodies, connections = self.scale, self.bodies[load], load.connections
        server.drive(Drive(bodies, scale.warm_seconds, connections))
        drive = Drive(bodies, scale.seconds, connections, kept=_KEPT)
        return take_sample(server, drive, self.model.read_shape(), self.truth)


def measure(scale: Scale, folder: Path) -> Result:
    """Curves `LEVER/LOAD` of COLUMNS, a point a round; a gain above 1 is what the lever brings."""
    model, result = find_minilm(), Result()
    bodies = make_all_bodies(model)
    ground = _Ground(model, scale, bodies, find_truth(model, list_compared(bodies), folder))
    with serving(plan_ours(model), folder) as default:
        for lever in LEVERS:
            if unknown := list_unknown(lever):
                result.notes[lever.name] = f"no setting {', '.join(unknown)}"
                continue
            with serving(plan_ours(model, lever.name, **lever.settings), folder) as other:
                for _ in range(scale.rounds):
                    _take_round(lever, default, other, ground, result)
    return result


def list_unknown(lever: Lever) -> list[str]:
    """Settings that this server does not have."""
    return [name for name in lever.settings if name.lower() not in Settings.model_fields]


def compute_gain(lever: Lever, default: float, other: float) -> float:
    """By how many times the lever makes it faster."""
    with_it, without = (other, default) if lever.is_added else (default, other)
    return with_it / without if without else 0.0


def _take_round(
    lever: Lever, default: Server, other: Server, ground: _Ground, result: Result
) -> None:
    for load in LOADS:
        ours, others = ground.sample(default, load), ground.sample(other, load)
        gain = compute_gain(lever, ours.texts_per_second, others.texts_per_second)
        print(f"    {lever.name}, {load.title}: {gain:.2f} times", flush=True)
        result.curves.setdefault(f"{lever.name}/{load.name}", []).append(
            [gain, ours.texts_per_second, others.texts_per_second, others.cosine]
        )
