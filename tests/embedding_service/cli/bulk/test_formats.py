import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from embedding_service.cli.bulk.formats import (
    INPUTS,
    OUTPUTS,
    check_field,
    check_output,
    open_input,
    open_output,
)
from embedding_service.cli.bulk.inputs import Input, TextLines
from embedding_service.cli.complaints import Complaint

RECORD = {"id": "7", "text": "one"}


def write_input(folder: Path, suffix: str) -> Input:
    path = folder / f"texts{suffix}"
    match suffix:
        case ".txt":
            path.write_text("one\n")
        case ".csv":
            path.write_text("id,text\n7,one\n")
        case ".jsonl":
            path.write_text(f"{json.dumps(RECORD)}\n")
        case _:
            pyarrow.parquet.write_table(pa.Table.from_pylist([RECORD]), path)
    return open_input(path, "text")


@pytest.mark.parametrize("suffix", INPUTS)
def test_the_suffix_tells_how_an_input_is_read(tmp_path: Path, suffix: str) -> None:
    assert [text for chunk in write_input(tmp_path, suffix).chunks() for text in chunk.texts] == [
        "one"
    ]


def test_capitals_do_not_matter() -> None:
    assert isinstance(open_input(Path("A.TXT"), "text"), TextLines)
    check_output(Path("B.NPY"))


def test_other_inputs_are_refused() -> None:
    with pytest.raises(Complaint, match=r"x\.xlsx: texts are read from \.txt, \.csv"):
        open_input(Path("x.xlsx"), "text")


def test_other_outputs_are_refused() -> None:
    with pytest.raises(Complaint, match=r"x\.csv: vectors are written to \.parquet, \.jsonl"):
        check_output(Path("x.csv"))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_vectors_may_not_hide_a_column_of_the_input(tmp_path: Path, suffix: str) -> None:
    source = write_input(tmp_path, suffix)
    check_field(source, Path("out.parquet"), "embedding")
    check_field(source, Path("out.npy"), "id")
    with pytest.raises(Complaint, match=r"has a column 'id' already; .* --embedding-column"):
        check_field(source, Path("out.jsonl"), "id")


def test_lines_of_text_have_one_column(tmp_path: Path) -> None:
    with pytest.raises(Complaint, match="has a column 'text' already"):
        check_field(write_input(tmp_path, ".txt"), Path("out.parquet"), "text")


def test_an_empty_input_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    check_field(open_input(tmp_path / "empty.txt", "text"), Path("out.parquet"), "text")


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_the_suffix_tells_how_an_output_is_written(tmp_path: Path, suffix: str) -> None:
    source = write_input(tmp_path, ".csv")
    with (tmp_path / "out").open("wb") as file:
        output = open_output(Path(f"out{suffix}"), file, source, "embedding", (1, 2))
        output.close()
    assert type(output).__name__.lower().startswith(suffix[1:4])
