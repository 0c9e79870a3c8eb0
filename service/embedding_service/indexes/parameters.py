"""Which parameters belong to which engine, and whether they can be. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes import tuning
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.tuning import Tuning

_SHARED: Final = ("exact_rows", "recall")
_OWN: Final[Mapping[Engine, tuple[str, ...]]] = {
    Engine.AUTO: _SHARED,
    Engine.FLAT: (),
    Engine.HNSW: (*_SHARED, "m", "ef_construction"),
    Engine.IVF: (*_SHARED, "nlist"),
}
"""`auto` chooses by size, also among engines, so that it takes no parameter of a single one."""
_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "exact_rows": tuning.EXACT_ROWS,
    "recall": tuning.RECALL,
    "m": tuning.M,
    "ef_construction": tuning.EF_CONSTRUCTION,
    "nlist": tuning.NLIST,
}


def tune(engine: Engine, given: Mapping[str, Any], said_as: Mapping[str, str]) -> Tuning:
    """The tuning of an engine; what is not given, or None, has its default.

    `said_as` is what whoever asks calls the parameters. Raises InvalidRequest: one is not the
    engine's, or out of its bounds.
    """
    said = {name: value for name, value in given.items() if value is not None}
    for name, value in said.items():
        if name not in _OWN[engine]:
            raise _refuse(said_as[name], _tell_owners(name, engine))
        least, most = _BOUNDS[name]
        if not least <= value <= most:
            raise _refuse(said_as[name], f"is {value:,}; use {least:,} to {most:,}")
    made = Tuning(**said)
    if made.ef_construction < 2 * made.m:
        least = 2 * made.m
        message = (
            f"is {made.ef_construction}; use at least {least}, twice {said_as['m']}, which is "
            f"{made.m}, or lower that"
        )
        raise _refuse(said_as["ef_construction"], message)
    return made


def tell(engine: Engine, made: Tuning) -> dict[str, Any]:
    """The parameters that count with this engine, by name."""
    return {name: getattr(made, name) for name in _OWN[engine]}


def _tell_owners(name: str, engine: Engine) -> str:
    owners = [each.value for each, names in _OWN.items() if name in names]
    return f"is of engine {', '.join(owners)}, not of {engine.value}; leave it out"


def _refuse(where: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{where} {message}", [Issue(message, path=where)])
