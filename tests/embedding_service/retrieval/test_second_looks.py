"""A second look is taken in the background, now and then, and only where there is a fault."""

import threading
from dataclasses import dataclass, field

from embedding_service.indexes.archive import Origin
from embedding_service.retrieval.second_looks import SecondLooks
from waiting import until


@dataclass
class Counting:
    """An index that counts the looks, each of which lasts until it is let go."""

    origin: Origin = field(default_factory=lambda: Origin(fault="it was away"))
    looks: int = 0
    is_free: threading.Event = field(default_factory=threading.Event)

    def reconsider(self) -> None:
        self.looks += 1
        self.is_free.wait(10)


async def test_one_look_at_a_time_and_not_at_once_again() -> None:
    index, now = Counting(), 0.0
    looks = SecondLooks(lambda: now)
    for _ in range(3):
        await looks.take(index)
    await until(lambda: index.looks == 1, 10, "it is looked")
    now = 100.0
    await looks.take(index)
    assert index.looks == 1  # the first is still under way
    index.is_free.set()
    looking = looks._looking
    assert looking is not None
    await looking
    await looks.take(index)
    await until(lambda: index.looks == 2, 10, "it is looked again")
    assert looks._looking is not None
    await looks._looking
    await looks.take(index)
    assert looks._looking.done()  # too soon


async def test_what_is_well_is_not_looked_at() -> None:
    index, looks = Counting(Origin("a snapshot")), SecondLooks()
    await looks.take(index)
    assert looks._looking is None
