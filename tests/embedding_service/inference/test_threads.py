"""Blocking calls in threads of their own."""

import asyncio
import threading

import pytest

from embedding_service.inference.threads import in_thread


async def test_the_result_comes_back() -> None:
    assert await in_thread(lambda: threading.current_thread().daemon) is True


async def test_what_is_raised_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


@pytest.mark.parametrize("is_failing", [True, False])
async def test_a_caller_that_left_does_not_matter(*, is_failing: bool) -> None:
    may_go = threading.Event()

    def work() -> None:
        may_go.wait(20)
        if is_failing:
            raise ValueError

    calling = asyncio.create_task(in_thread(work))
    await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    may_go.set()


def test_a_loop_that_is_closed_does_not_matter() -> None:
    may_go, is_done = threading.Event(), threading.Event()

    def work() -> None:
        may_go.wait(20)
        is_done.set()

    async def leave() -> None:
        calling = asyncio.create_task(in_thread(work))
        await asyncio.sleep(0)
        calling.cancel()

    asyncio.run(leave())
    may_go.set()
    assert is_done.wait(20)
