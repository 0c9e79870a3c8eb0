"""One index of a database that has more: nothing else is seen, made or dropped."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from embedding_service.indexes.definition import Definition, Metric
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.errors import Conflict, ManagedElsewhere, NotFound
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota, Record
from embedding_service.indexes.records.sole import Sole

FREE = Quota(documents=0, size=0)
FAQ = Definition("", "faq", 2, Metric.DOT)


@pytest.fixture
def open_sole(postgresql_url: str, tmp_path: Path) -> Iterator[Callable[[str], Record]]:
    """A record of index `faq` of a namespace; all are in one database."""
    with ExitStack() as stack:

        def opened(namespace: str) -> Record:
            sole = Sole(f"{namespace}/1234", "faq")
            record = open_record(postgresql_url, tmp_path / namespace, sole=sole)
            stack.callback(record.close)
            return record

        yield opened


def put(record: Record, uid: str, id_: str) -> None:
    vector = np.array([[1, 0]], dtype=np.float32)
    record.put(uid, Puts([id_], [None], [None], vector), FREE)


def ids_of(record: Record) -> list[str]:
    (standing,) = record.indexes()
    return [each.id for each in record.page(standing.definition.uid, 0, 10)]


def test_two_of_one_name_do_not_meet(open_sole: Callable[[str], Record]) -> None:
    ours, theirs = open_sole("ours"), open_sole("theirs")
    assert ours.indexes() == []
    for record, namespace in ((ours, "ours"), (theirs, "theirs")):
        made = record.create(FAQ)
        assert (made.definition.uid, made.definition.name) == (f"{namespace}/1234", "faq")
        put(record, made.definition.uid, f"of {namespace}")
    assert (ids_of(ours), ids_of(theirs)) == (["of ours"], ["of theirs"])
    assert ours.find("faq").definition.uid == "ours/1234"
    assert ours.heads() == {"ours/1234": 1}
    with pytest.raises(NotFound):
        ours.standing("theirs/1234")


def test_it_is_made_once(record_url: str, record_folder: Path) -> None:
    record = open_record(record_url, record_folder, sole=Sole("a/1", "faq"))
    record.create(FAQ)
    with pytest.raises(Conflict):
        record.create(FAQ)
    record.close()


def test_what_there_is_is_decided_elsewhere(record_url: str, record_folder: Path) -> None:
    record = open_record(record_url, record_folder, sole=Sole("a/1", "faq"))
    uid = record.create(FAQ).definition.uid
    acts: list[Callable[[], object]] = [
        lambda: record.create(Definition("", "other", 2, Metric.DOT)),
        lambda: record.drop(uid),
        lambda: record.point("alias", "faq"),
        lambda: record.unpoint("alias"),
    ]
    for act in acts:
        with pytest.raises(ManagedElsewhere, match=r"'faq' alone.*kubectl"):
            act()
    assert record.aliases() == {}
    assert [each.definition.name for each in record.indexes()] == ["faq"]
    with pytest.raises(NotFound, match="faq"):
        record.find("other")
    record.close()


def test_other_names_lead_to_it(record_url: str, record_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "aliases"
    file.write_text("questions\nfaq\n")
    record = open_record(record_url, record_folder, sole=Sole("a/1", "faq", file))
    record.create(FAQ)
    assert record.is_renamed
    assert record.aliases() == {"questions": "faq"}
    assert record.find("questions").definition.name == "faq"
    with pytest.raises(NotFound):
        record.find("answers")
    record.close()


def test_it_may_be_erased_and_is_then_not_made_again(record_url: str, record_folder: Path) -> None:
    record = open_record(record_url, record_folder, sole=Sole("a/1", "faq"))
    uid = record.create(FAQ).definition.uid
    put(record, uid, "one")
    record.create_job(uid, "read")
    assert (record.erase(uid), record.indexes(), record.jobs(uid)) == (1, [], [])
    assert record.erase(uid) == 0
    with pytest.raises(NotFound):
        record.create(FAQ)
    record.close()


def test_others_stay_where_one_is_erased(open_sole: Callable[[str], Record]) -> None:
    ours, theirs = open_sole("ours"), open_sole("theirs")
    for record, namespace in ((ours, "ours"), (theirs, "theirs")):
        put(record, record.create(FAQ).definition.uid, f"of {namespace}")
    assert ours.erase("ours/1234") == 1
    assert ids_of(theirs) == ["of theirs"]
