"""`gpu-embedding index export`: an index into a file that `import` reads."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import numpy as np
import orjson
import pyarrow as pa
import typer
from rich.console import Console

from embedding_service.cli.bulk.durable import replacing
from embedding_service.cli.bulk.inputs import JSON_LINE
from embedding_service.cli.bulk.journal import open_journal
from embedding_service.cli.bulk.json_columns import infer_schema
from embedding_service.cli.bulk.outputs import JsonLinesOutput, Output, ParquetOutput
from embedding_service.cli.bulk.patience import Patience
from embedding_service.cli.bulk.progress import build_progress
from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.answers import StoredDocument
from embedding_service.cli.index.indexes import Indexes
from embedding_service.cli.index.options import ApiKey, Name, Url

SUFFIXES: Final = (".jsonl", ".parquet")
_VECTOR = "vector"
_COLUMNS = infer_schema([b'{"id": "", "text": "", "metadata": {}}'])
"""Metadata of any shape: as JSON, in a column of strings."""


def export(
    name: Name,
    output: Annotated[Path, typer.Argument(metavar="FILE", help=", ".join(SUFFIXES))],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.")] = False,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Write all documents to a file: id, text, metadata and vector.

    FILE appears when it is whole. What is written to the index meanwhile may be in it, or not.
    """
    if output.suffix.lower() not in SUFFIXES:
        raise Complaint(
            f"{output}: documents are written to {', '.join(SUFFIXES)}; choose one of them"
        )
    if output.exists() and not overwrite:
        raise Complaint(f"{output}: is there already; replace it with --overwrite")
    count = ask(
        Place(url, api_key),
        lambda indexes: _export(indexes, name, output),
        patience=Patience(),
        farewell=f"Stopped. {output} was not written",
    )
    typer.echo(f"{output}: {count:,} documents of {name}", err=True)


async def _export(indexes: Indexes, name: str, output: Path) -> int:
    """Write the documents of index `name`, and tell how many they were."""
    facts = await indexes.describe(name)
    count = 0
    # A folder of its own: `embed` may have one for the same output, with slices to keep.
    place = output.with_name(f"{output.name}.export")
    with open_journal(place, restart=True) as journal, build_progress(Console(stderr=True)) as bar:
        task = bar.add_task(output.name, total=facts["documents"])
        try:
            with (
                replacing(output, journal.draft()) as file,
                closing(_open(output, file, facts["dimension"])) as opened,
            ):
                # By its own name: an alias may be moved meanwhile.
                async for documents in indexes.pages(facts["name"]):
                    _write(opened, documents)
                    count += len(documents)
                    bar.advance(task, len(documents))
        finally:
            journal.draft().unlink(missing_ok=True)
    return count


def _open(output: Path, file: BinaryIO, dimension: int) -> Output:
    if output.suffix.lower() == ".jsonl":
        return JsonLinesOutput(file, _VECTOR)
    return ParquetOutput(file, _COLUMNS, _VECTOR, dimension)


def _write(opened: Output, documents: Sequence[StoredDocument]) -> None:
    if not documents:
        return
    lines = [
        orjson.dumps({"id": each["id"], "text": each["text"], "metadata": each["metadata"]})
        for each in documents
    ]
    rows = pa.record_batch([pa.array(lines, pa.large_binary())], names=[JSON_LINE])
    opened.write(rows, np.array([document["vector"] for document in documents], np.float32))
