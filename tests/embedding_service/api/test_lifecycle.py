"""From serving to stopped."""

import asyncio

from embedding_service.api.lifecycle import Lifecycle


def test_a_new_server_takes_work() -> None:
    lifecycle = Lifecycle()
    assert (lifecycle.is_leaving, lifecycle.is_draining) == (False, False)


def test_leaving_comes_before_draining() -> None:
    lifecycle = Lifecycle()
    lifecycle.leave()
    assert (lifecycle.is_leaving, lifecycle.is_draining) == (True, False)
    lifecycle.drain()
    assert (lifecycle.is_leaving, lifecycle.is_draining) == (True, True)


def test_draining_is_leaving_as_well() -> None:
    lifecycle = Lifecycle()
    lifecycle.drain()
    assert lifecycle.is_leaving


async def test_without_work_there_is_nothing_to_wait_for() -> None:
    assert await Lifecycle().wait_idle(0)


async def test_waiting_ends_with_the_last_piece_of_work() -> None:
    lifecycle = Lifecycle()
    with lifecycle.track():
        with lifecycle.track():
            assert lifecycle.in_flight == 2
        waiting = asyncio.create_task(lifecycle.wait_idle(60))
        await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting
    assert lifecycle.in_flight == 0


async def test_waiting_ends_with_its_time() -> None:
    lifecycle = Lifecycle()
    with lifecycle.track():
        assert not await lifecycle.wait_idle(0)
