"""Files that are cut or have changed: whole writes are read from them, or an error that says so."""

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from embedding_service.errors import ServiceError
from embedding_service.indexes.definition import Definition, FieldType
from embedding_service.indexes.documents import Document, Puts
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota, Record

FREE = Quota(0, 0)
DEFINITION = Definition("u", "books", 3, fields={"n": FieldType.INT})
ROWS, BATCHES = 6, 5
CUTS = 30
FLIPS = 40
PAGE, SCHEMA = 4_096, b"CREATE "


def open_in(folder: Path) -> Record:
    return open_record(f"sqlite:///{folder / 'record.db'}", folder)


def fill(record: Record) -> None:
    record.create(DEFINITION)
    for batch in range(BATCHES):
        ids = [f"{batch}/{row}" for row in range(ROWS)]
        matrix = np.random.default_rng(batch).random((ROWS, 3), dtype=np.float32)
        texts = [id_.ljust(500, ".") for id_ in ids]
        record.put("u", Puts(ids, texts, [b'{"n":1}'] * ROWS, matrix), FREE)


def told(document: Document) -> tuple[object, ...]:
    vector = document.vector.tobytes()
    return document.key, document.version, document.id, document.text, document.metadata, vector


def read(record: Record) -> set[tuple[object, ...]]:
    """All that can be read, in each way there is."""
    page = record.page("u", 0, 1_000)
    changes = record.changes("u", 0, 1_000)
    fetched = record.fetch("u", changes.keys.tolist())
    one_by_one = [record.read("u", each.id) for each in page[:3]]
    return {told(each) for each in (*page, *fetched.values(), *one_by_one)}


def test_a_log_that_ends_anywhere_holds_whole_writes(tmp_path: Path) -> None:
    folder = tmp_path / "whole"
    with closing(open_in(folder)) as record:
        fill(record)
        parts = [path.read_bytes() for path in map(folder.joinpath, ("record.db", "record.db-wal"))]
    database, log = parts
    found: list[int] = []
    for length in np.linspace(0, len(log), CUTS, dtype=np.int64).tolist():
        cut = tmp_path / str(length)
        cut.mkdir()
        (cut / "record.db").write_bytes(database)
        (cut / "record.db-wal").write_bytes(log[:length])
        with closing(open_in(cut)) as record:
            if not record.indexes():
                assert found == []
                continue
            documents = [each.id for each in record.page("u", 0, 1_000)]
        batches, left = divmod(len(documents), ROWS)
        assert left == 0
        assert documents == [f"{b}/{row}" for b in range(batches) for row in range(ROWS)]
        found.append(batches)
        shutil.rmtree(cut)
    assert found == sorted(found)
    assert set(found) == set(range(BATCHES + 1))


def test_a_flipped_bit_anywhere_makes_no_other_document(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    with closing(open_in(whole)) as record:
        fill(record)
        truth = read(record)
    content = (whole / "record.db").read_bytes()
    folder, refused = tmp_path / "flipped", 0
    # A name in the schema may become another one, and no error of ours tells of that.
    pages = [
        start for start in range(0, len(content), PAGE) if SCHEMA not in content[start:][:PAGE]
    ]
    written = [place for start in pages for place in range(start, start + PAGE) if content[place]]
    for place in written[:: len(written) // FLIPS]:
        folder.mkdir()
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        (folder / "record.db").write_bytes(flipped)
        try:
            with closing(open_in(folder)) as record:
                assert not record.indexes() or read(record) <= truth
        except ServiceError:
            refused += 1
        shutil.rmtree(folder)
    assert refused > FLIPS / 2


@pytest.mark.parametrize("damage", ["{", "[]", "null", '{"metric": "dot"}'])
def test_a_definition_that_is_not_what_was_written_is_told(damage: str, tmp_path: Path) -> None:
    with closing(open_in(tmp_path)) as record:
        record.create(DEFINITION)
        with record._database.writing() as connection:
            connection.exec_driver_sql("UPDATE indexes SET definition = ?", (damage,))
        with pytest.raises(ServiceError, match="'books': the record of its definition"):
            record.indexes()


def test_a_schema_that_is_no_text_is_told(tmp_path: Path) -> None:
    with closing(open_in(tmp_path)):
        pass
    path = tmp_path / "record.db"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE", b"CREATE T\xffBLE"))
    with pytest.raises(ServiceError, match="damaged"):
        open_in(tmp_path)
