"""Volumes that are larger than their spec says: they are kept, for none ever shrinks.

A size that the spec has made smaller is refused by the definition of the kind. What is left is one
that it says for the first time, and a volume that others let grow.
"""

from collections.abc import Iterator

from embedding_operator.children.metadata import name_data, name_snapshots
from embedding_operator.names import CLAIMS
from embedding_operator.observe.observation import Observation
from embedding_operator.plan.comparison import read_quantity


def find_larger(observation: Observation) -> Iterator[str]:
    """What there is to tell of each."""
    meta, spec = observation.index.meta, observation.index.spec
    asked = (
        (name_data(meta), spec.database and spec.database.sqlite),
        (name_snapshots(meta), spec.storage and spec.storage.volume),
    )
    for name, claim in asked:
        live = observation.children.get((CLAIMS, name))
        if live is None or not claim or claim.size is None:
            continue
        size = live["spec"]["resources"]["requests"]["storage"]
        wished, there = read_quantity(claim.size), read_quantity(size)
        if wished is not None and there is not None and wished < there:
            yield f"volume {name} has {size}, and does not shrink to {claim.size}"
