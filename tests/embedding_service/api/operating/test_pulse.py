"""Asking the other server now and then, and never twice at once."""

import asyncio
from dataclasses import replace

from embedding_service.api.operating.pulse import Pulse
from embedding_service.errors import Unavailable
from embedding_service.inference.description import ModelDescription
from fakes import DESCRIPTION, FINGERPRINT, FakeEmbedder
from waiting import until

SECONDS = 60.0


class Asked(FakeEmbedder):
    """Tells of its model when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str | None] = []
        self.may_answer = asyncio.Event()
        self.fingerprint = FINGERPRINT

    async def describe(self, model: str | None = None) -> ModelDescription:
        self.asked.append(model)
        await self.may_answer.wait()
        if self.failure:
            raise self.failure
        return replace(DESCRIPTION, fingerprint=self.fingerprint)


async def test_one_question_at_a_time_is_under_way() -> None:
    encoder = Asked()
    pulse = Pulse(encoder, "mini")
    for _ in range(3):
        await pulse.feel()
    assert (encoder.asked, pulse.fingerprint, pulse.fault) == (["mini"], None, None)
    encoder.may_answer.set()
    await until(lambda: pulse.fingerprint == FINGERPRINT, SECONDS, "an answer")
    assert len(encoder.asked) == 1


async def test_what_came_of_the_last_question_is_told() -> None:
    encoder = Asked()
    encoder.may_answer.set()
    pulse = Pulse(encoder, None)

    async def feel() -> tuple[object, str | None]:
        await pulse.feel()
        return pulse.fault, pulse.fingerprint

    encoder.failure = Unavailable("no answer from there")
    assert await feel() == (encoder.failure, None)
    encoder.failure, encoder.fingerprint = None, "e" * 64
    assert await feel() == (None, "e" * 64)
