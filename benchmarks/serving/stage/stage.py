"""Sets everything up for the comparison, and takes it down."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.serving.loads import LOADS, Bodies, Load, make_bodies
from benchmarks.serving.models import Model, Shape
from benchmarks.serving.stage.drive import Drive, Peer
from benchmarks.serving.stage.peers import (
    NAIVES,
    OURS,
    has_infinity,
    plan_infinity,
    plan_naive,
    plan_ours,
)
from benchmarks.serving.stage.probe import Probe, probing
from benchmarks.serving.stage.raw import running_raw
from benchmarks.serving.stage.sample import Sample, take_sample
from benchmarks.serving.stage.server import Plan, Server, serving
from benchmarks.serving.stage.truth import Truth, find_truth

_TEXTS: Final = 1_024
"""Different ones in a load, or 16 requests of many, so that none is under way twice."""
_COMPARED: Final = 32
"""Texts of a load whose vectors are compared with the truth, a whole request at least."""


@dataclass(frozen=True, slots=True)
class Stage:
    """All of them, at work."""

    model: Model
    shape: Shape
    servers: Mapping[str, Server]
    peers: Sequence[Peer]
    """The servers, and the model without one."""
    probe: Probe
    bodies: Mapping[Load, Bodies]
    truth: Truth

    @property
    def ours(self) -> Server:
        """This checkout's."""
        return self.servers[OURS]

    def sample(self, peer: Peer, load: Load, warm_seconds: float, seconds: float) -> Sample:
        """`load` on `peer`, warmed up by the same before."""
        bodies, connections = self.bodies[load], load.connections
        if warm_seconds:
            peer.drive(Drive(bodies, warm_seconds, connections))
        drive = Drive(bodies, seconds, connections, kept=_COMPARED)
        return take_sample(peer, drive, self.shape, self.truth)


def make_all_bodies(model: Model) -> Mapping[Load, Bodies]:
    """For every load."""
    return {
        load: make_bodies(model, load.texts, max(_TEXTS // load.batch, 16), load.batch)
        for load in LOADS
    }


def list_compared(bodies: Mapping[Load, Bodies]) -> Sequence[str]:
    """Texts whose truth is wanted: the first requests of each load, each text once."""
    found: dict[str, None] = {}
    for each in bodies.values():
        count = -(-_COMPARED // each.batch)
        found |= {text: None for texts in each.texts[:count] for text in texts}
    return list(found)


def list_plans(model: Model) -> Sequence[Plan]:
    """The servers that can be had here."""
    naives = [plan_naive(model, int(name[-1])) for name in NAIVES]
    return [plan_ours(model), *naives, *([plan_infinity(model)] if has_infinity() else [])]


@contextmanager
def setting_stage(model: Model, folder: Path) -> Iterator[Stage]:
    """One is started after the other, so that each has the machine for its start."""
    bodies = make_all_bodies(model)
    truth = find_truth(model, list_compared(bodies), folder)
    with ExitStack() as stack:
        probe = stack.enter_context(probing(folder))
        servers = {
            plan.name: stack.enter_context(serving(plan, folder)) for plan in list_plans(model)
        }
        raw = stack.enter_context(running_raw(model, folder))
        yield Stage(
            model,
            model.read_shape(),
            servers,
            [*servers.values(), raw],
            probe,
            bodies,
            truth,
        )
