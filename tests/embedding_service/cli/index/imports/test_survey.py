from pathlib import Path

import pytest

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.imports.columns import Columns, Reading
from embedding_service.cli.index.imports.source import Source
from embedding_service.cli.index.imports.survey import Survey, locate, survey
from embedding_service.cli.index.imports.tables import open_table
from embedding_service.indexes.definition import Definition, FieldType, ModelPin
from embedding_service.settings import Limits
from index_commands import write_lines

FIELDS = {"year": FieldType.INT}
OF_VECTORS = Definition("u", "name", 2, fields=FIELDS)
OF_TEXTS = Definition("u", "name", 2, fields=FIELDS, model=ModelPin("m", "f"))
GOOD = {"id": "a", "text": "one", "vector": [1, 2]}


async def look(
    path: Path,
    rows: list[object],
    definition: Definition = OF_VECTORS,
    columns: Columns | None = None,
    *,
    skip_empty: bool = False,
    limits: Limits | None = None,
) -> Survey:
    table = open_table(write_lines(path / "rows.jsonl", rows), "vector")
    source = Source(table, Reading(columns or Columns(), FIELDS, table.has_types, "file"))
    return await survey(source, definition, limits or Limits(), skip_empty=skip_empty)


async def test_counts_what_is_there(tmp_path: Path) -> None:
    rows = [{"id": str(n), "vector": [n, 1]} for n in range(3000)]
    assert await look(tmp_path, [*rows, {}], skip_empty=True) == Survey(3000, 1, has_twins=False)
    assert await look(tmp_path, []) == Survey(0, 0, has_twins=False)


async def test_sees_an_id_that_comes_twice(tmp_path: Path) -> None:
    rows: list[object] = [{"id": str(n % 2999), "vector": [1, 2]} for n in range(3000)]
    assert (await look(tmp_path, rows)).has_twins


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"vector": [1, 2, 3]}, "vector has 3 dimensions instead of 2"),
        ({"vector": [0, 0]}, "vector is zero"),
        ({"vector": [1, 1e300]}, "vector has NaN, infinity"),
        ({"vector": "AAAA"}, "has neither numbers nor base64 of float32 in 'vector'"),
        ({"vector": [1, 2], "text": 1}, "has no string in 'text'"),
        ({"vector": [1, 2], "text": " "}, "text is empty or blank"),
        ({"vector": [1, 2], "text": "a\0"}, "text has a NUL"),
        ({"vector": [1, 2], "id": 1.5}, "has an id that is no string"),
        ({"vector": [1, 2], "metadata": []}, "has no JSON object in 'metadata'"),
        ({"vector": [1, 2], "metadata": {"year": "x"}}, "metadata.year must be"),
        ({"text": "a text"}, "vector is missing"),
        ([], "is no JSON object"),
    ],
)  # fmt: skip
async def test_a_bad_row_is_named(tmp_path: Path, row: object, told: str) -> None:
    with pytest.raises(Complaint) as caught:
        await look(tmp_path, [GOOD, {"vector": [1, 2]}, row])
    assert f"rows.jsonl, line 3: {told}" in str(caught.value)


async def test_texts_are_enough_where_there_is_a_model(tmp_path: Path) -> None:
    assert (await look(tmp_path, [{"text": "one"}], OF_TEXTS)).documents == 1


async def test_a_text_that_is_too_long_is_named(tmp_path: Path) -> None:
    rows: list[object] = [{"text": "short"}, {"text": "x" * 11}]
    with pytest.raises(Complaint, match=r"line 2: text has 11 characters; the limit is 10\. Split"):
        await look(tmp_path, rows, OF_TEXTS, limits=Limits(max_text_chars=10))


async def test_not_every_empty_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(Complaint, match=r"line 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and more"):
        await look(tmp_path, [{"text": " "}] * 11, OF_TEXTS)


async def test_a_column_that_was_named_must_be_there(tmp_path: Path) -> None:
    columns = Columns(metadata=("year", "gone"))
    with pytest.raises(Complaint, match="has no column 'gone'; it has: id, text, vector, year"):
        await look(tmp_path, [GOOD, GOOD | {"year": 1}], columns=columns)


def test_a_refusal_is_traced_to_its_row() -> None:
    issues = [("body", "odd"), ("documents[1].metadata.year", "must be an int")]
    assert locate(issues, [5, 8]) == (8, "metadata.year must be an int")
    assert locate([("documents[0]", "is odd")], [5]) == (5, "is odd")
    assert locate(issues[:1], [5, 8]) is None
