"""The view that is searched is of the record's own history, and of nothing that it has lost."""

import pytest
from structlog.testing import capture_logs

from backups import Backup
from embedding_service.indexes.index import Index
from embedding_service.indexes.records import purging
from embedding_service.indexes.records.record import Record
from open_indexes import DEFINITION, FREE, MeddledRecord, ids_of, open_catalogue, puts_of

UID = DEFINITION.uid


def put_some(index: Index, names: str) -> None:
    index.put(puts_of({name: [1, row] for row, name in enumerate(names)}))


@pytest.mark.parametrize("names", ["d", "de", "defg"])
def test_lost_writes_are_gone_however_many_versions_were_given_again(
    index: Index, record: Record, names: str
) -> None:
    put_some(index, "a")
    backup = Backup(record)
    put_some(index, "bc")
    backup.put_back()
    record.put(UID, puts_of({name: [1, 0] for name in names}), FREE)
    index.follow()
    assert sorted(ids_of(index)) == ["a", *names]
    assert index.version == 1 + len(names)


def test_lost_writes_are_gone_when_their_writer_writes_again(index: Index, record: Record) -> None:
    put_some(index, "a")
    backup = Backup(record)
    put_some(index, "bc")
    backup.put_back()
    put_some(index, "de")
    assert sorted(ids_of(index)) == ["a", "d", "e"]


def test_lost_removals_are_undone(index: Index, record: Record) -> None:
    put_some(index, "ab")
    backup = Backup(record)
    index.remove(["a"])
    backup.put_back()
    record.remove(UID, ["b"])
    index.follow()
    assert ids_of(index) == ["a"]


def test_a_lost_history_is_told_in_the_log(index: Index, record: Record) -> None:
    backup = Backup(record)
    put_some(index, "ab")
    backup.put_back()
    record.put(UID, puts_of({"c": [1, 0], "d": [1, 1]}), FREE)
    with capture_logs() as told:
        index.follow()
    assert [each["index"] for each in told if each["log_level"] == "warning"] == ["faq"]


def test_another_history_at_the_same_version_is_noticed_by_a_refresh(record: Record) -> None:
    record.create(DEFINITION)
    catalogue = open_catalogue(record)
    backup = Backup(record)
    put_some(catalogue.get("faq"), "ab")
    backup.put_back()
    record.put(UID, puts_of({"c": [1, 0], "d": [1, 1]}), FREE)
    catalogue.refresh()
    assert sorted(ids_of(catalogue.get("faq"))) == ["c", "d"]


def test_who_has_seen_what_was_forgotten_since_goes_on(
    index: Index, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "_KEPT_COMMITS", 0)
    put_some(index, "a")
    for name in "bcd":
        record.put(UID, puts_of({name: [1, 0]}), FREE)
    record.purge(UID, older_than=0)
    record.put(UID, puts_of({"e": [1, 0]}), FREE)
    index.follow()
    assert sorted(ids_of(index)) == ["a", "b", "c", "d", "e"]


def test_the_writes_of_one_process_are_not_read_again(index: Index, meddled: MeddledRecord) -> None:
    def refuse() -> None:
        raise AssertionError("read")

    meddled.before("changes", refuse)
    for name in "abc":
        put_some(index, name)
    index.remove(["b"])
    assert sorted(ids_of(index)) == ["a", "c"]
