"""How much memory an index of a given size will take. Pure."""

from math import isqrt
from typing import Final

from embedding_service.indexes.definition import Definition, Engine
from embedding_service.indexes.tuning import count_link_bytes
from embedding_service.indexes.upkeep.engines import choose_engine

_KEY_AND_VERSION: Final = 16
_ID: Final = 40
"""Bytes of an id of 36 characters and of where it begins."""
_FIELD: Final = 9
"""Bytes of one declared field: a number, and whether it is there."""
_FLOAT: Final = 4
_LISTS: Final = 2
"""Lists of an inverted file, for each root of its rows."""


def estimate_memory(definition: Definition, documents: int) -> int:
    """Bytes of an index of so many documents with ids of 36 characters, all of them built.

    While it is built it takes about as much again.
    """
    dimension, tuning = definition.dimension, definition.tuning
    row_size = _KEY_AND_VERSION + _ID + _FIELD * len(definition.fields)
    match choose_engine(definition.engine, documents, tuning.exact_rows).engine:
        case Engine.HNSW:
            graph = documents * count_link_bytes(tuning.m)
        case Engine.IVF:
            codes = documents * (dimension // 8 + 8)
            lists = tuning.nlist or _LISTS * isqrt(documents)
            graph = codes + lists * dimension * _FLOAT
        case _:
            graph = 0
    return round(documents * (dimension * _FLOAT + row_size) + graph)
