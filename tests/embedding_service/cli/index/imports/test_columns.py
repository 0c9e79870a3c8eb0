import numpy as np
import pybase64
import pytest

from embedding_service.cli.index.imports.columns import Columns, Fault, Reading
from embedding_service.cli.index.imports.tables import Row
from embedding_service.indexes.definition import FieldType
from embedding_service.retrieval.requests import NewDocument

FIELDS = {
    "year": FieldType.INT,
    "price": FieldType.FLOAT,
    "draft": FieldType.BOOL,
    "tags": FieldType.KEYWORDS,
    "code": FieldType.KEYWORD,
}


def read(row: Row, columns: Columns | None = None, *, has_types: bool = True) -> NewDocument:
    return Reading(columns or Columns(), FIELDS, has_types, "file").read(7, row)


def test_an_export_needs_no_names() -> None:
    row = {"id": "a", "text": "t", "vector": [1, 2], "metadata": {"x": 1}, "other": 1}
    document = read(row)
    assert (document.id, document.text, document.metadata) == ("a", "t", {"x": 1})
    assert document.vector is not None
    assert document.vector.tolist() == [1, 2]


def test_columns_can_be_named() -> None:
    columns = Columns(id="key", text="body", vector="v", metadata=("year", "gone"))
    document = read({"key": 7, "body": "t", "v": None, "year": 1, "id": "x"}, columns)
    assert (document.id, document.text, document.vector) == ("7", "t", None)
    assert document.metadata == {"year": 1}
    assert columns.demanded == {"key", "body", "v", "year", "gone"}


def test_the_rest_is_what_has_no_other_meaning() -> None:
    row = {"id": "a", "text": "t", "vector": None, "metadata": 1, "year": 2, "none": None}
    columns = Columns(metadata=("rest",))
    assert read(row, columns).metadata == {"metadata": 1, "year": 2}
    assert read({"id": "a", "none": None}, columns).metadata is None
    assert not columns.demanded


def test_a_document_without_an_id_is_called_by_file_and_row() -> None:
    assert read({"text": "t"}).id == read({"text": "t", "id": None}).id == "file-7"
    with pytest.raises(Fault, match="has no id in 'key'"):
        read({"text": "t"}, Columns(id="key"))


def test_texts_become_what_the_index_declares() -> None:
    row = {
        "year": "2024", "price": "1.5", "draft": "True", "tags": '["a"]', "code": "007",
        "other": "8",
    }  # fmt: skip
    expected = {
        "year": 2024, "price": 1.5, "draft": True, "tags": ["a"], "code": "007", "other": "8"
    }  # fmt: skip
    columns = Columns(metadata=("rest",))
    assert read(row, columns, has_types=False).metadata == expected
    assert read(row, columns).metadata == row
    assert read({"year": "soon"}, columns, has_types=False).metadata == {"year": "soon"}


def test_metadata_may_be_a_text_of_json() -> None:
    assert read({"metadata": '{"x": [1]}'}).metadata == {"x": [1]}


@pytest.mark.parametrize(
    "value",
    ["[1, 2.5]", pybase64.b64encode(np.array([1, 2.5], "<f4").tobytes()).decode(), [1, 2.5]],
)
def test_a_vector_is_numbers_or_base64(value: object) -> None:
    vector = read({"vector": value}).vector
    assert vector is not None
    assert vector.dtype == np.float32
    assert vector.tolist() == [1, 2.5]


@pytest.mark.parametrize(
    "row",
    [
        {"id": True},
        {"id": []},
        {"text": 1},
        {"metadata": "{"},
        {"metadata": "1"},
        {"vector": []},
        {"vector": "AAA"},
        {"vector": "AAAA"},
        {"vector": "é"},
        {"vector": [[1]]},
        {"vector": ["x"]},
        {"vector": {"a": 1}},
        {"vector": 1},
    ],
    ids=str,
)
def test_what_is_no_document_is_told(row: Row) -> None:
    with pytest.raises(Fault):
        read(row)
