import pytest

from embedding_service.cli.bulk.patience import Busy, Patience
from embedding_service.cli.complaints import Complaint


class Door:
    """Busy as often as it is told to be."""

    def __init__(self, *answers: float | None) -> None:
        self.pauses: list[float] = []
        self._answers = list(answers)

    async def open(self) -> str:
        if self._answers:
            raise Busy("the door is closed", self._answers.pop(0))
        return "in"

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def insist(door: Door, seconds: float = 100.0) -> str:
    return await Patience(seconds, door.sleep).insist(door.open)


async def test_waits_as_long_as_it_is_asked_to() -> None:
    door = Door(3.0, 0.0, 5.0)
    assert await insist(door) == "in"
    assert door.pauses == [3.0, 0.0, 5.0]


async def test_waits_longer_each_time_when_nothing_is_said() -> None:
    door = Door(None, None, None, None)
    await insist(door)
    assert door.pauses == [1.0, 2.0, 4.0, 8.0]


async def test_no_pause_is_longer_than_a_minute() -> None:
    door = Door(3600.0)
    await insist(door)
    assert door.pauses == [60.0]


async def test_gives_up_at_last_and_says_how_to_go_on() -> None:
    door = Door(*[40.0] * 9)
    with pytest.raises(Complaint, match="the door is closed; tried again for 80 s in vain"):
        await insist(door)
    assert door.pauses == [40.0, 40.0]
