"""The program of the child process that builds a graph.

A process of its own, because FAISS's threads would take the cores from searches, and because an
abort inside it must not end what serves.

    python -m embedding_service.indexes.upkeep.builder ORDER

ORDER is JSON: see `Order`. What came of it is one line of JSON on stdout: see `Outcome`. Its stdin
is a pipe that nobody writes to: when that ends, so has the process that wanted the graph.
"""

import os
import sys
import threading
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import orjson

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.digests import Digest
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.kernels import devices, graphs
from embedding_service.indexes.segments.kernels.devices import CPU
from embedding_service.indexes.segments.kernels.graphs import FEWEST_ROWS, Graph
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.recall import Measured, measure

_NICENESS = 10
_STDIN = 0


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built."""

    source: str
    """Folder of a flat segment."""
    digests: dict[str, Digest]
    """What its files must be."""
    target: str
    """Folder to be made, for the same segment with a graph."""
    blueprint: Blueprint
    threads: int
    may_use_gpu: bool = False
    """An error of CUDA may then end the process, whatever else would have become of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was built."""

    digests: dict[str, Digest]
    recall: float
    device: str = CPU.name
    """Where rows were compared with centroids."""
    fallback: str | None = None
    """Why that was not the GPU that was to be used."""


def main(order: Order) -> Outcome:
    """Build, measure, write; of another engine where the one that was wanted finds too little."""
    flat = files.read(Path(order.source), order.digests)
    blueprint = order.blueprint
    tried = _try(order, blueprint.engine, flat)
    is_enough = tried.measured.recall >= blueprint.tuning.recall
    if not is_enough and _may_be_lists(blueprint.engine, len(flat)):
        tried = _try(order, Engine.IVF, flat)
    recall, reach = tried.measured.recall, tried.measured.reach
    built = flat.with_graph(tried.graph, reach, recall, blueprint)
    digests = files.write(built, Path(order.target))
    return Outcome(digests, recall, tried.device, tried.fallback)


@dataclass(frozen=True, slots=True)
class _Tried:
    graph: Graph
    measured: Measured
    device: str
    fallback: str | None


def _try(order: Order, engine: Engine, flat: Sealed) -> _Tried:
    graph, device, fallback = _build_graph(order, engine, flat)
    # By the rows in the graph: those of the file need no memory then.
    measured = measure(flat.with_graph(graph), graph, order.blueprint.tuning.aim)
    return _Tried(graph, measured, device, fallback)


def _may_be_lists(wanted: Engine, rows: int) -> bool:
    """Whether an inverted file may find what the wanted engine does not.

    Of many equal rows HNSW links each to others of them alone, and never leaves them again or never
    gets there: 120 in 1,200 cost 2.6 % of recall at any effort. Lists do not mind.
    """
    return wanted is Engine.HNSW and rows >= FEWEST_ROWS[Engine.IVF]


def _build_graph(order: Order, engine: Engine, flat: Sealed) -> tuple[Graph, str, str | None]:
    """The graph, the device that helped to build it, and why that was no GPU."""
    tuning = order.blueprint.tuning
    build = partial(graphs.build, engine, flat.matrix, flat.metric, order.threads, tuning=tuning)
    fallback = None
    if order.may_use_gpu:
        try:
            gpu = devices.find_gpu()
            if gpu is not None:
                return build(device=gpu), gpu.name, None
        except (MemoryError, RuntimeError) as error:
            fallback = str(error).strip()
    return build(), CPU.name, fallback


def read_order(text: str | bytes) -> Order:
    """From its JSON."""
    order = orjson.loads(text)
    return Order(**(order | _digests(order) | {"blueprint": Blueprint.of(order["blueprint"])}))


def write_json(value: Order | Outcome) -> bytes:
    """As JSON."""
    return orjson.dumps(asdict(value), default=list)  # a Digest is a tuple of its own


def read_outcome(text: str | bytes) -> Outcome:
    """From its JSON."""
    outcome = orjson.loads(text)
    return Outcome(**(outcome | _digests(outcome)))


def _digests(value: dict[str, dict[str, list[int | str]]]) -> dict[str, dict[str, Digest]]:
    digests = value["digests"].items()
    return {"digests": {name: Digest(int(size), str(sha256)) for name, (size, sha256) in digests}}


def _end_with_parent() -> None:
    os.read(_STDIN, 1)  # not through sys.stdin, whose lock would be held when the program ends
    os._exit(1)


if __name__ == "__main__":
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.buffer.write(write_json(main(read_order(sys.argv[1]))))
