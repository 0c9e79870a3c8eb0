"""What stands still in the controller is told to the probe; what is only slow is not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from controller_stage import SECONDS, Stage, indexed, note
from embedding_operator.names import INDEXES
from small_town import DOCS
from waiting import until


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.controller.close()


async def test_a_loop_that_is_stuck_is_told(stage: Stage) -> None:
    stage.controller.queue.add(DOCS, -400.0)
    assert "waited for 400 s" in str(stage.controller.stuck)


async def test_a_line_in_which_passes_end_is_not_stuck(stage: Stage) -> None:
    await stage.controller.start()
    note(stage, INDEXES, indexed(1), "ADDED")
    await until(lambda: stage.controller._ended_at > 0, SECONDS, "a pass has ended")
    stage.controller.queue._due[DOCS] = asyncio.get_running_loop().time() - 400.0
    assert stage.controller.stuck is None


async def test_a_pass_without_an_end_is_told(stage: Stage) -> None:
    stage.controller.queue._busy[DOCS] = asyncio.get_running_loop().time() - 400.0
    assert "gone on for 400 s" in str(stage.controller.stuck)


async def test_a_task_that_has_ended_is_told(stage: Stage) -> None:
    await stage.controller.start()
    await stage.controller.close()
    assert "3 of its tasks" in str(stage.controller.stuck)


async def test_lists_that_do_not_end_are_told(stage: Stage) -> None:
    await stage.controller.list_all()
    assert stage.controller.stuck is None
    assert stage.controller._listed_at is not None
    stage.controller._listed_at -= 3001
    assert stage.controller.stuck == "no list has ended for 3001 s"


async def test_a_watch_that_is_dead_is_told_when_lists_bring_what_it_missed(stage: Stage) -> None:
    for name in "abc":  # the first list brings everything
        assert stage.controller.stuck is None
        stage.cluster.add(INDEXES, indexed(1, name))
        await stage.controller.list_all()
    assert stage.controller.stuck is None
    first, last = stage.controller._unheard[INDEXES]
    stage.controller._unheard[INDEXES] = first - 301, last
    assert str(stage.controller.stuck) == "nothing is heard of embeddingindexes, though they change"
    note(stage, INDEXES, indexed(10**6), "ADDED")
    assert stage.controller.stuck is None
