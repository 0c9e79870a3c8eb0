"""What cannot be done yet is tried again."""

import asyncio

import pytest
from structlog.testing import capture_logs

from embedding_operator.errors import BadConfiguration, OperatorError, Refused, Unavailable
from embedding_operator.patience import persist

PAUSE = 0.001


class Attempts:
    """Fail as they are told; `stop` is set with the last failure, where they are to end so."""

    def __init__(self, *failures: OperatorError) -> None:
        self.failures = list(failures)
        self.stop = asyncio.Event()
        self.stops = False

    async def __call__(self) -> None:
        if self.failures:
            failure = self.failures.pop(0)
            if self.stops and not self.failures:
                self.stop.set()
            raise failure


async def test_it_is_tried_until_it_is_done_and_each_reason_is_told_once() -> None:
    attempts = Attempts(Unavailable("away"), Unavailable("away"), Refused("no", 403))
    with capture_logs() as logs:
        assert await persist(attempts, attempts.stop, PAUSE)
    told = [(each["event"], each["reason"]) for each in logs]
    assert told == [("waiting", "away"), ("waiting", "no"), ("waiting no longer", "no")]


async def test_whoever_is_told_to_stop_waits_no_longer() -> None:
    attempts = Attempts(Unavailable("away"), Unavailable("away"))
    attempts.stops = True
    assert not await persist(attempts, attempts.stop, PAUSE)
    assert not await persist(attempts, attempts.stop, PAUSE)
    assert attempts.failures == []


async def test_what_waiting_does_not_mend_is_raised() -> None:
    attempts = Attempts(BadConfiguration("no key"))
    with pytest.raises(BadConfiguration):
        await persist(attempts, attempts.stop, PAUSE)
