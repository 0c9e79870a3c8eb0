"""What pods that do not answer cost: their own index a while, and nobody else anything."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from embedding_operator.errors import PodFailure
from embedding_operator.observe import asking
from embedding_operator.observe.asking import Asking
from fake_operator_pods import FakePods
from observed import a_pod

PODS = [a_pod(f"docs-{place}") for place in range(40)]


class Mute(FakePods):
    """Never answers; counts who asks at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0

    async def report(self, address: str, audience: str) -> Any:
        await self._wait()

    async def call(self, *_: Any, **__: Any) -> Mapping[str, Any]:
        await self._wait()
        return {}

    async def _wait(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.Event().wait()
        finally:
            self.now -= 1


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Mute:
    monkeypatch.setattr(asking, "_SECONDS", 0.05)
    return Mute()


async def test_pods_that_do_not_answer_are_waited_for_together(mute: Mute) -> None:
    asked = Asking(mute, "team/docs")
    answers = await asyncio.gather(*map(asked.report, PODS))
    assert all(isinstance(answer, PodFailure) for answer in answers)
    assert await asked.find_job(PODS, "some") is None
    assert (mute.now, mute.most) == (0, 8)


async def test_work_is_told_of_by_the_first_pod_that_knows_it() -> None:
    pods = FakePods(jobs={"a": {"id": "j-1", "state": "running"}})
    found = await Asking(pods, "team/docs").find_job(PODS, "a")
    assert found is not None
    assert len(pods.asked) == 1
    assert await Asking(pods, "team/docs").find_job(PODS, "b") is None
    assert await Asking(pods, "team/docs").find_job([], "a") is None
