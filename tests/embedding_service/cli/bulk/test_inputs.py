import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedding_service.cli.bulk.inputs import Csv, Input, JsonLines, Parquet, TextLines, json_lines
from embedding_service.cli.complaints import Complaint

writable = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def read(source: Input) -> tuple[list[int], list[str | None]]:
    chunks = list(source.chunks())
    numbers = [number for chunk in chunks for number in chunk.numbers]
    return numbers, [text for chunk in chunks for text in chunk.texts]


def rows_of(source: Input) -> list[dict[str, Any]]:
    return [row for chunk in source.chunks() for row in chunk.columns.to_pylist()]


def complaint_of(source: Input) -> str:
    with pytest.raises(Complaint) as caught:
        read(source)
    return str(caught.value)


@writable
@given(lines=st.lists(texts.map(lambda text: text.replace("\n", " ").rstrip("\r")), min_size=1))
def test_lines_of_text_are_read_as_they_were_written(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    numbers, found = read(TextLines(path))
    assert found == [
        line.removeprefix("\ufeff") if n == 0 else line for n, line in enumerate(lines)
    ]
    assert numbers == list(range(1, len(lines) + 1))


def test_a_last_line_without_an_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo \x0b\x85".replace(b"\x85", "\u2028".encode()))
    assert read(TextLines(path)) == ([1, 2], ["one", "two \x0b\u2028"])


def test_a_file_of_many_chunks_is_numbered_through(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(b"".join(b"%d %s\n" % (n, b"x" * 5000) for n in range(1, 1001)))
    assert len(list(TextLines(path).chunks())) > 3
    numbers, found = read(TextLines(path))
    assert numbers == [int(str(text).split()[0]) for text in found] == list(range(1, 1001))


def test_a_line_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(b"fine\ncaf\xe9\n")
    assert "line 2: is no UTF-8 from byte 4 on" in complaint_of(TextLines(path))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(texts, json_values, max_size=3)


@writable
@given(records=st.lists(st.tuples(objects, texts), min_size=1))
def test_json_lines_keep_every_object_as_it_is(
    tmp_path: Path, records: list[tuple[dict[str, Any], str]]
) -> None:
    written = [record | {"body": text} for record, text in records]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in written))
    source = JsonLines(path, "body")
    assert read(source)[1] == [text for _, text in records]
    lines = [line for chunk in source.chunks() for line in json_lines(chunk.columns) or ()]
    assert [json.loads(line) for line in lines] == written


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"text": ', "is no JSON"),
        (b"[1]", "is no JSON object"),
        (b"{}", "has no field 'text'; it has: none"),
        (b'{"title": 1, "body": 2}', "it has: body, title. Name the texts' field with --column"),
        (b'{"text": 7}', "field 'text' is no string"),
        (b'{"text": "\\ud800"}', "is no JSON"),
    ],
)
def test_a_bad_json_line_is_named(tmp_path: Path, line: bytes, fault: str) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_bytes(b'{"text": "fine"}\n' + line + b"\n")
    message = complaint_of(JsonLines(path, "text"))
    assert f"{path}, line 2: " in message
    assert fault in message


def test_null_and_blank_json_lines_are_rows_without_a_text(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_bytes(b'{"text": null}\n  \n{"text": "x"}\n')
    assert read(JsonLines(path, "text")) == ([1, 2, 3], [None, None, "x"])


@writable
@given(rows=st.lists(st.tuples(texts, texts, texts), min_size=1))
def test_csv_values_stay_the_strings_they_are(
    tmp_path: Path, rows: list[tuple[str, str, str]]
) -> None:
    path = tmp_path / "texts.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["id", "text", "n"])
        writer.writerows(rows)
    source = Csv(path, "text")
    assert rows_of(source) == [dict(zip(["id", "text", "n"], row, strict=True)) for row in rows]
    assert read(source)[0] == list(range(1, len(rows) + 1))


def test_a_blank_line_is_an_empty_text_where_csv_has_one_column(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("text\none\n\nthree\n")
    assert read(Csv(path, "text")) == ([1, 2, 3], ["one", "", "three"])


def test_a_blank_line_is_no_row_where_csv_has_several(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("id,text\n1,one\n\n3,three\n")
    assert read(Csv(path, "text"))[1] == ["one", "three"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is no CSV that can be read"),
        (b"id,body\n1,x\n", "has no column 'text'; it has: id, body"),
        (b"text,text\n1,x\n", "has more than one column 'text'"),
        (b"id,text\n1,x,y\n", "is no CSV that can be read"),
        (b"id,text\n1,\xff\n", "is no CSV that can be read"),
    ],
)
def test_bad_csv_is_told(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "texts.csv"
    path.write_bytes(content)
    assert fault in complaint_of(Csv(path, "text"))


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
    ids=str,
)
def test_parquet_texts_may_be_any_kind_of_string(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "texts.parquet"
    column = pa.array(["one", None, "two"], pa.string()).cast(kind)
    pyarrow.parquet.write_table(pa.table({"id": [1, 2, 3], "text": column}), path)
    assert read(Parquet(path, "text")) == ([1, 2, 3], ["one", None, "two"])


def test_parquet_is_numbered_through(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    table = pa.table({"text": [str(n) for n in range(1, 2501)]})
    pyarrow.parquet.write_table(table, path, row_group_size=900)
    numbers, found = read(Parquet(path, "text"))
    assert numbers == [int(str(text)) for text in found]


def test_parquet_texts_must_be_strings(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    pyarrow.parquet.write_table(pa.table({"text": [1]}), path)
    assert "column 'text' is int64, not strings" in complaint_of(Parquet(path, "text"))


def test_a_missing_parquet_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    pyarrow.parquet.write_table(pa.table({"body": ["x"]}), path)
    assert "has no column 'text'; it has: body" in complaint_of(Parquet(path, "text"))


def test_what_is_no_parquet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    path.write_text("PAR?")
    assert "is no Parquet file" in complaint_of(Parquet(path, "text"))
