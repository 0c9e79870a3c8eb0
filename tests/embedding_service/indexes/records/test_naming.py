"""Names and aliases lead to one index each."""

import pytest

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.errors import Conflict, NotFound
from embedding_service.indexes.records.record import Record


def test_an_alias_leads_to_its_index_and_can_be_switched(record: Record, faq: str) -> None:
    record.create(Definition(uid="u-new", name="new", dimension=3))
    record.point("live", "faq")
    assert record.find("live").definition.uid == faq
    record.point("live", "new")
    assert record.find("live").definition.uid == "u-new"
    assert record.aliases() == {"live": "new"}
    record.unpoint("live")
    with pytest.raises(NotFound):
        record.find("live")
    with pytest.raises(NotFound):
        record.unpoint("live")


def test_a_word_is_an_alias_or_a_name(record: Record, faq: str) -> None:
    record.point("live", "faq")
    with pytest.raises(Conflict, match="alias"):
        record.create(Definition(uid="u-live", name="live", dimension=3))
    with pytest.raises(Conflict, match="name of an index"):
        record.point("faq", "faq")
    with pytest.raises(NotFound):
        record.point("live", "nowhere")
