"""The program of the child process that builds a graph.

A process of its own, because FAISS's threads would take the cores from searches, and because an
abort inside it must not end what serves.

    python -m embedding_service.indexes.upkeep.builder ORDER

ORDER is JSON: see `Order`. What came of it is one line of JSON on stdout: see `Outcome`.
"""

import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.segments import files
from embedding_service.indexes.segments.files import Digest
from embedding_service.indexes.segments.kernels import graphs
from embedding_service.indexes.segments.kernels.graphs import Reach
from embedding_service.indexes.upkeep.recall import measure

_NICENESS = 10


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built."""

    source: str
    """Folder of a flat segment."""
    digests: dict[str, Digest]
    """What its files must be."""
    target: str
    """Folder to be made, for the same segment with a graph."""
    engine: Engine
    threads: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was built."""

    digests: dict[str, Digest]
    recall: float
    effort: int


def main(order: Order) -> Outcome:
    """Build, measure, write."""
    segment = files.read(Path(order.source), order.digests)
    graph = graphs.build(order.engine, segment.matrix, segment.metric, order.threads)
    measured = measure(segment, graph, Reach())
    digests = files.write(segment.with_graph(graph), Path(order.target))
    return Outcome(digests, measured.recall, measured.effort)


def read_order(text: str | bytes) -> Order:
    """From its JSON."""
    order = orjson.loads(text)
    digests = {name: Digest(*digest) for name, digest in order["digests"].items()}
    return Order(**(order | {"digests": digests, "engine": Engine(order["engine"])}))


def write_json(value: Order | Outcome) -> bytes:
    """As JSON."""
    return orjson.dumps(asdict(value), default=list)  # a Digest is a tuple of its own


def read_outcome(text: str | bytes) -> Outcome:
    """From its JSON."""
    outcome = orjson.loads(text)
    digests = {name: Digest(*digest) for name, digest in outcome["digests"].items()}
    return Outcome(**(outcome | {"digests": digests}))


if __name__ == "__main__":
    os.nice(_NICENESS)
    sys.stdout.buffer.write(write_json(main(read_order(sys.argv[1]))))
