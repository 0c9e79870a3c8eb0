"""Calls `gpu-embedding index` in this process, and makes files for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet
import pytest

from embedding_service.cli import main
from embedding_service.vectors import Matrix, normalise


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


class IndexCommands:
    """One place; `here` says whether that is this process."""

    def __init__(
        self, options: Sequence[str], capsys: pytest.CaptureFixture[str], *, here: bool
    ) -> None:
        self.here = here
        self._options = options
        self._capsys = capsys

    def run(self, *arguments: str | Path) -> Outcome:
        with pytest.raises(SystemExit) as caught:
            main(["index", *map(str, arguments), *self._options])
        told = self._capsys.readouterr()
        assert isinstance(caught.value.code, int), caught.value.code
        return Outcome(caught.value.code, told.out, told.err)

    def do(self, *arguments: str | Path) -> str:
        """What a call that goes well prints."""
        outcome = self.run(*arguments)
        assert outcome.code == 0, outcome.err
        return outcome.out

    def read(self, *arguments: str | Path) -> Any:
        """What a call prints as JSON."""
        return orjson.loads(self.do(*arguments, "--json"))

    def fail(self, *arguments: str | Path, code: int = 1) -> str:
        """What a call that goes wrong says."""
        outcome = self.run(*arguments)
        assert outcome.code == code, outcome
        assert "Traceback" not in outcome.err
        return outcome.err


def vectors(count: int, dimension: int = 4) -> Matrix:
    """Of unit length, and always the same."""
    drawn = np.random.default_rng(7).standard_normal((count, dimension))
    return normalise(drawn.astype(np.float32))


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    """A file of JSON lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def write_vectors(path: Path, matrix: Matrix, **columns: Sequence[object]) -> Path:
    """A Parquet file with a column `vector`."""
    lists = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), matrix.shape[1])
    pyarrow.parquet.write_table(pa.table({**columns, "vector": lists}), path)
    return path


def read_export(path: Path) -> dict[str, dict[str, Any]]:
    """The documents of an export, by id."""
    if path.suffix == ".jsonl":
        documents = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    else:
        documents = pyarrow.parquet.read_table(path).to_pylist()
        for document in documents:
            if document["metadata"] is not None:
                document["metadata"] = orjson.loads(document["metadata"])
    return {document["id"]: document for document in documents}
