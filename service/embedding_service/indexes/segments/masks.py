"""Where a filter holds among the rows of a segment."""

from functools import reduce

import numpy as np

from embedding_service.indexes.filters.tree import And, Comparison, Node, Not, Or
from embedding_service.indexes.segments.bitmaps import Mask
from embedding_service.indexes.segments.columns import Columns


def evaluate(node: Node, columns: Columns) -> Mask:
    """Shape (rows,). `columns` has every field that the tree names."""
    match node:
        case Comparison():
            return columns[node.field].holds(node)
        case Not(part):
            return ~evaluate(part, columns)
        case And(parts):
            return reduce(np.logical_and, (evaluate(part, columns) for part in parts))
        case Or(parts):
            return reduce(np.logical_or, (evaluate(part, columns) for part in parts))
