"""Graphs with the usual tuning."""

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.tuning import Tuning

HNSW = Blueprint(Engine.HNSW, Tuning())
IVF = Blueprint(Engine.IVF, Tuning())
