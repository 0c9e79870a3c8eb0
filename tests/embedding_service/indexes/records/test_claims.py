"""Jobs under keys: each once, whoever asks, and however many at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from embedding_service.indexes.errors import KeyReused, NotFound
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Claim, JobState, Record, key_of

ONCE = Claim("k1", lambda job: False)
AGAIN = Claim("k1", lambda job: job.state is JobState.FAILED)


def test_a_key_has_one_job(record: Record, faq: str) -> None:
    made, is_new = record.claim_job(faq, "read", ONCE, {"asked": "much"})
    assert (is_new, key_of(made), made.detail["asked"]) == (True, "k1", "much")
    assert record.claim_job(faq, "read", ONCE) == (made, False)
    assert record.claim_job(faq, "read", replace(ONCE, key="k2"))[1]
    assert len(record.jobs(faq)) == 2


def test_a_key_is_of_one_kind(record: Record, faq: str) -> None:
    record.claim_job(faq, "read", ONCE)
    with pytest.raises(KeyReused):
        record.claim_job(faq, "write", ONCE)


def test_another_may_follow_the_newest(
    record: Record, faq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = record.claim_job(faq, "read", AGAIN)
    assert record.claim_job(faq, "read", AGAIN) == (first, False)
    record.update_job(replace(first, state=JobState.FAILED))
    monkeypatch.setattr("time.time", lambda: first.created_at - 60)  # of another process
    second, is_new = record.claim_job(faq, "read", AGAIN)
    assert (is_new, second.id != first.id) == (True, True)
    assert [job.id for job in record.jobs(faq)] == [second.id, first.id]
    assert record.claim_job(faq, "read", AGAIN) == (second, False)


def test_an_index_that_is_gone_has_no_jobs(record: Record, faq: str) -> None:
    record.drop(faq)
    with pytest.raises(NotFound):
        record.claim_job(faq, "read", ONCE)


@pytest.fixture
def others(record: Record, faq: str, record_url: str, tmp_path: Path) -> Iterator[list[Record]]:
    """Of other processes, where those may be."""
    with ExitStack() as stack:
        opened = [record] * 4
        if record.is_shared:
            opened = [open_record(record_url, tmp_path / str(number)) for number in range(4)]
            for each in opened:
                stack.callback(each.close)
        yield opened


def test_of_many_that_claim_at_once_one_has_it(others: list[Record], faq: str) -> None:
    def claim(number: int) -> list[tuple[str, bool]]:
        record = others[number % len(others)]
        claimed = [record.claim_job(faq, "read", replace(ONCE, key=f"{key}")) for key in range(10)]
        return [(job.id, is_new) for job, is_new in claimed]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(claim, range(8)))
    for told in zip(*answers, strict=True):
        assert len({id_ for id_, _ in told}) == 1
        assert sum(is_new for _, is_new in told) == 1
    assert len(others[0].jobs(faq)) == 10
