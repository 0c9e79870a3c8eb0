"""How a segment is searched: exactly, by its graph, or not at all. Pure.

A graph whose allowed rows are few finds too little: HNSW with 1 % of rows allowed found a third of
the nearest. Few rows are cheap to search exactly, so that a graph is used for many only.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.segments.kernels.graphs import Reach

_MOST_SCALING: Final = 10.0


class Method(StrEnum):
    """What is done with one segment."""

    SKIP = "skip"
    EXACT = "exact"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Policy:
    """When a graph is used, and how far it is searched."""

    reach: Reach | None = None
    """None searches each graph as far as was measured to be enough when it was built."""
    exact_floats: int = 8_000_000
    """Allowed rows times dimensions up to which a search is exact: about a millisecond."""
    exact_share: float = 0.1
    """Share of allowed rows up to which it is exact."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan depends on."""

    engine: Engine
    rows: int
    allowed: int
    """Rows that are live and pass the filter."""
    dimension: int
    k: int
    is_exact: bool
    """Whether the caller wants nothing else."""
    reach: Reach | None = None
    """Of the segment's graph; None where it was not measured."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one segment is searched."""

    method: Method
    reach: Reach
    """Of the graph, where it is used."""


def plan_search(facts: Facts, policy: Policy) -> Plan:
    """The cheapest way that finds what there is."""
    reach = policy.reach or facts.reach or Reach()
    if facts.allowed == 0:
        return Plan(Method.SKIP, reach)
    is_cheap = (
        facts.engine is Engine.FLAT
        or facts.allowed * facts.dimension <= policy.exact_floats
        or facts.allowed <= facts.rows * policy.exact_share
        # Wanting much of a graph is walking through all of it.
        or facts.k >= facts.allowed * policy.exact_share
    )
    if facts.is_exact or is_cheap:
        return Plan(Method.EXACT, reach)
    scaling = min(facts.rows / facts.allowed, _MOST_SCALING)
    return Plan(Method.GRAPH, reach.scaled(scaling))
