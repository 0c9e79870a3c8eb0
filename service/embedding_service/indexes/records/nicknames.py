"""Other names of the sole index: a file with one a line, as a mounted ConfigMap has it."""

from pathlib import Path
from typing import Final

import structlog

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.definition import check_name

_LARGEST: Final = 65_536
"""Bytes of the file."""

_log = structlog.stdlib.get_logger(__name__)


def read_nicknames(path: Path) -> frozenset[str]:
    """The names that the file has. What is none is told and passed over.

    Raises OSError, ValueError.
    """
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"has more than {_LARGEST:,} bytes")
    names = set()
    for number, line in enumerate(content.decode().splitlines(), start=1):
        if name := line.strip():
            try:
                names.add(check_name(name, "alias"))
            except InvalidRequest as error:
                _log.error("no alias", file=str(path), line=number, reason=error.message)
    return frozenset(names)
