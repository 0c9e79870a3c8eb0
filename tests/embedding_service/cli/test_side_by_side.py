"""Items of a file are worked on some at once, in their order, and never more than that."""

import asyncio
from collections.abc import Iterator

import pytest

from embedding_service.cli.side_by_side import work_side_by_side


def test_no_more_than_the_most_are_under_way() -> None:
    begun: list[int] = []
    most = under_way = 0

    async def run() -> None:
        are_many = asyncio.Event()

        async def work(item: int) -> None:
            nonlocal most, under_way
            begun.append(item)
            under_way += 1
            most = max(most, under_way)
            if under_way == 3:
                are_many.set()
            await are_many.wait()
            under_way -= 1

        await work_side_by_side(iter(range(20)), work, 3)

    asyncio.run(run())
    assert begun == list(range(20))
    assert most == 3


def test_an_item_that_is_false_is_an_item() -> None:
    done: list[int] = []

    async def work(item: int) -> None:
        done.append(item)

    asyncio.run(work_side_by_side(iter([0, 0, 1]), work, 1))
    assert done == [0, 0, 1]


def test_the_first_error_gives_up_the_rest() -> None:
    cancelled: list[int] = []

    async def work(item: int) -> None:
        if item == 1:
            raise ValueError("broken")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(item)
            raise

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(work_side_by_side(iter(range(9)), work, 2))
    assert cancelled == [0]


def test_an_error_of_the_file_is_raised() -> None:
    def read() -> Iterator[int]:
        yield 1
        raise OSError("torn")

    async def work(_: int) -> None:
        pass

    with pytest.raises(OSError, match="torn"):
        asyncio.run(work_side_by_side(read(), work, 2))
