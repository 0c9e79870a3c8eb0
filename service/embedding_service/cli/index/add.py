"""`gpu-embedding index add`."""

import sys
import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.indexes import Indexes, encode
from embedding_service.cli.index.options import ApiKey, Name, Url

_TOGETHER = 256
_STDIN = ["-"]


def add(
    name: Name,
    texts: Annotated[
        list[str], typer.Argument(metavar="TEXT...", help="Documents; - reads lines of stdin.")
    ],
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Add texts and print the ids they get, one a line."""
    given: Iterator[str] = _lines() if texts == _STDIN else iter(texts)
    ask(Place(url, api_key), lambda indexes: _add(indexes, name, given))


async def _add(indexes: Indexes, name: str, texts: Iterator[str]) -> None:
    while together := list(islice(texts, _TOGETHER)):
        # Ids of our own, so that what is sent again after a lost answer is not added twice, even
        # when its key has been forgotten.
        documents = [encode({"id": uuid.uuid4().hex, "text": text}) for text in together]
        added = await indexes.add(name, documents)
        for each in added["ids"]:
            typer.echo(each)


def _lines() -> Iterator[str]:
    try:
        yield from (line for line in map(str.strip, sys.stdin) if line)
    except UnicodeDecodeError:
        raise Complaint(
            "what comes on stdin is no UTF-8; convert it, for example with iconv"
        ) from None
