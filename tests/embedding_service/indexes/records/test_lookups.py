"""What costs the same in a table that PostgreSQL has not analysed yet."""

from pathlib import Path

import numpy as np

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.records.lookups import _build_lateral
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota


def test_each_id_is_looked_up_in_the_unique_index(postgresql_url: str, record_folder: Path) -> None:
    record = open_record(postgresql_url, record_folder)
    record.create(Definition(uid="u", name="faq", dimension=3))
    ids = [str(number) for number in range(2_000)]
    ones = np.ones((2_000, 3), np.float32)
    record.put("u", Puts(ids, [None] * 2_000, [None] * 2_000, ones), Quota(0, 0))
    with record._database.reading() as connection:
        statement = _build_lateral(1, ids[:256]).compile(
            connection, compile_kwargs={"literal_binds": True}
        )
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}").scalars())
    assert "uq_documents_index_id_id" in plan
    assert "Seq Scan" not in plan
    record.close()


def test_a_page_of_a_tail_reads_its_own_rows_only(postgresql_url: str, record_folder: Path) -> None:
    record = open_record(postgresql_url, record_folder)
    record.create(Definition(uid="u", name="faq", dimension=3))
    ids = [str(number) for number in range(2_000)]
    ones = np.ones((2_000, 3), np.float32)
    record.put("u", Puts(ids, [None] * 2_000, [None] * 2_000, ones), Quota(0, 0))
    with record._database.reading() as connection:
        plan = "\n".join(
            connection.exec_driver_sql(
                "EXPLAIN SELECT * FROM documents WHERE index_id = 1 AND version > 10 "
                "ORDER BY version LIMIT 100"
            ).scalars()
        )
    assert "Index Scan using uq_documents_index_id_version" in plan
    assert "Sort" not in plan
    record.close()
