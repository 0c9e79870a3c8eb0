"""Writes statuses, also where the definition of the kind is older than this operator.

To a field that is not declared the API server answers 500, and writes nothing at all.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from embedding_operator.cluster import Cluster
from embedding_operator.errors import Unavailable
from embedding_operator.names import Kind
from embedding_operator.resources.objects import Manifest

_UNDECLARED: Final = re.compile(r"(\.status\.\S+): field not declared in schema")
_PLACE: Final = re.compile(r"\[[^]]*\]")
"""Which entry of a list: what one does not have, none has."""

_log = structlog.stdlib.get_logger(__name__)


async def write_status(cluster: Cluster, kind: Kind, body: Manifest, manager: str) -> Manifest:
    """Apply a status, without the fields that are not declared; the object as it is then."""
    try:
        return await cluster.apply_status(kind, body, manager)
    except Unavailable as error:
        paths = find_undeclared(error.message)
        if not paths:
            raise
    told = sorted({".".join(path) for path in paths})
    _log.warning("the API server's definition is older; apply crds/", kind=kind.kind, unknown=told)
    return await cluster.apply_status(kind, leave_out(body, paths), manager)


def find_undeclared(message: str) -> list[tuple[str, ...]]:
    """Paths of the fields that a refusal names."""
    found = _UNDECLARED.findall(message)
    return [tuple(_PLACE.sub("", path).strip(".").split(".")) for path in found]


def leave_out(body: Manifest, paths: Sequence[tuple[str, ...]]) -> Manifest:
    """`body` without these fields."""
    for path in paths:
        body = _without(body, path)
    return body


def _without(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_without(each, path) for each in value]
    if not isinstance(value, Mapping) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: each for key, each in value.items() if key != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:])}
