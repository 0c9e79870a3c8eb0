"""The one index of a server is made as soon as it can be, and no sooner given up."""

import pytest
from structlog.testing import capture_logs

from embedding_service.errors import InvalidRequest, ServiceError, Unavailable
from embedding_service.indexes.errors import Conflict
from embedding_service.retrieval.founding import found


class Maker:
    """Fails as it is told to, then makes it."""

    def __init__(self, *failures: ServiceError) -> None:
        self.failures = list(failures)
        self.made = 0

    async def create(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.made += 1


async def test_it_is_tried_until_it_is_there_and_told_once() -> None:
    maker = Maker(Unavailable("no tier"), Unavailable("no tier"), Unavailable("loading"))
    with capture_logs() as logs:
        await found(maker.create, "faq", pause=0)
    assert maker.made == 1
    assert [entry.get("reason") for entry in logs] == ["no tier", "loading", None]


async def test_another_process_may_be_quicker() -> None:
    maker = Maker(Unavailable("no tier"), Conflict("it is there"))
    await found(maker.create, "faq", pause=0)
    assert maker.made == 0


async def test_what_can_never_be_is_not_tried_again() -> None:
    maker = Maker(InvalidRequest("fewer dimensions"))
    with pytest.raises(InvalidRequest):
        await found(maker.create, "faq", pause=0)
