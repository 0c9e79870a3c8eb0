"""All peers under the same loads, in turns; few texts beside many; the liveness probe."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks.results import Result
from benchmarks.serving.loads import LOADS, Load
from benchmarks.serving.models import find_minilm
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.stage import Stage, setting_stage
from benchmarks.serving.takes import beside, saturation
from benchmarks.serving.turns import Turn, choose, find_weak

Take: TypeAlias = Callable[[Stage, Scale, int], Mapping[str, Sequence[float]]]
"""Measures once; told how many times before, it gives a point for each curve."""


def measure(scale: Scale, folder: Path) -> Result:
    """Curves `LOAD/PEER` of samples (see stage/sample.py), `beside` and `livez`, a point a turn."""
    began = time.monotonic()
    takes: dict[str, Take] = {load.name: _take_load(load) for load in LOADS}
    takes |= {"beside": beside.take, "livez": saturation.take}
    with setting_stage(find_minilm(), folder) as stage:
        stage.probe.look()
        turns: dict[str, list[Turn]] = {name: [] for name in takes}
        for _ in range(scale.rounds):
            for name, take in takes.items():
                turns[name].append(_take_turn(stage, scale, take, len(turns[name])))
        repeated = 0
        while time.monotonic() - began < scale.most_seconds:
            weak = find_weak(turns, stage.probe.best, scale.rounds, scale.most_turns)
            if weak is None:
                break
            repeated += 1
            turns[weak].append(_take_turn(stage, scale, takes[weak], len(turns[weak])))
        return _tell(stage, scale, turns, repeated)


def _take_turn(stage: Stage, scale: Scale, take: Take, number: int) -> Turn:
    before = stage.probe.seen[-1]
    points = take(stage, scale, number)
    after = stage.probe.look()
    print(f"    machine at {after.best:.0f} GFLOP/s, best {stage.probe.best:.0f}", flush=True)
    return Turn(min(before.best, after.best), points)


def _take_load(load: Load) -> Take:
    def take(stage: Stage, scale: Scale, number: int) -> Mapping[str, Sequence[float]]:
        first = number % len(stage.peers)  # whoever comes first finds the machine as it was left
        points: dict[str, Sequence[float]] = {}
        for peer in [*stage.peers[first:], *stage.peers[:first]]:
            sample = stage.sample(peer, load, scale.warm_seconds, scale.seconds)
            print(
                f"    {load.title}: {peer.name} {sample.texts_per_second:.1f} texts/s", flush=True
            )
            points[f"{load.name}/{peer.name}"] = sample.write()
        return points

    return take


def _tell(stage: Stage, scale: Scale, turns: Mapping[str, Sequence[Turn]], repeated: int) -> Result:
    result, best = Result(), stage.probe.best
    chosen = {name: choose(those, best, scale.rounds) for name, those in turns.items()}
    for those in chosen.values():
        for turn in those:
            for name, point in turn.points.items():
                result.curves.setdefault(name, []).append(list(point))
    result.curves["gemm"] = [[each.default, each.prepacked] for each in stage.probe.seen]
    result.figures |= {
        "gemm_default_gflops": max(each.default for each in stage.probe.seen),
        "gemm_prepacked_gflops": max(each.prepacked for each in stage.probe.seen),
        "turns": sum(map(len, turns.values())),
        "turns_repeated": repeated,
        "turns_on_a_slow_machine": sum(
            not turn.is_good(best) for those in chosen.values() for turn in those
        ),
    }
    for name, server in stage.servers.items():
        result.figures[f"start_seconds_{name}"] = server.start_seconds
    return result
