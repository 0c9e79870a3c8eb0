"""How much memory an index of a given size will take. Pure."""

from math import isqrt
from typing import Final

from embedding_service.indexes.definition import Definition, Engine
from embedding_service.indexes.upkeep.engines import MOST_FLAT, choose_engine

_KEY_AND_VERSION: Final = 16
_ID: Final = 40
"""Bytes of an id of 36 characters and of where it begins."""
_FIELD: Final = 9
"""Bytes of one declared field: a number, and whether it is there."""
_FLOAT: Final = 4
_HNSW: Final = 272
"""Bytes of a row's neighbours in HNSW32."""
_LISTS: Final = 2
"""Lists of an inverted file, for each root of its rows."""


def estimate_memory(definition: Definition, documents: int, most_flat: int = MOST_FLAT) -> int:
    """Bytes of an index of so many documents with ids of 36 characters, all of them built.

    While it is built it takes about as much again. `most_flat` is the number of rows up to which
    nothing is built.
    """
    dimension = definition.dimension
    row_size = _KEY_AND_VERSION + _ID + _FIELD * len(definition.fields)
    match choose_engine(definition.engine, documents, most_flat).engine:
        case Engine.HNSW:
            graph = documents * _HNSW
        case Engine.IVF:
            codes = documents * (dimension // 8 + 8)
            graph = codes + _LISTS * isqrt(documents) * dimension * _FLOAT
        case _:
            graph = 0
    return round(documents * (dimension * _FLOAT + row_size) + graph)
