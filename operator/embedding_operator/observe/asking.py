"""Questions to the pods of one index in one pass: few at once, and all of them within a time.

Pods that do not answer cost their index a pass's patience, and no other index anything.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import quote

from pydantic import ValidationError

from embedding_operator.errors import PodFailure
from embedding_operator.observe.pods import Pod
from embedding_operator.pods import Pods
from embedding_operator.reports import Job, Report, fold

_AT_ONCE: Final = 8
_SECONDS: Final = 20.0


class Asking:
    """Of one pass. Bound to one event loop."""

    def __init__(self, pods: Pods, audience: str) -> None:
        """`audience` is what the pods call their index."""
        self._pods = pods
        self._audience = audience
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._ends = asyncio.get_running_loop().time() + _SECONDS

    async def report(self, pod: Pod) -> Report | PodFailure:
        """What a pod says of itself, or why it says nothing."""
        try:
            async with self._turn():
                return await self._pods.report(pod.address or "", self._audience)
        except PodFailure as failure:
            return failure

    async def find_job(self, pods: Iterable[Pod], key: str) -> Job | None:
        """The work of a key, from the first pod that knows of it."""
        for pod in pods:
            try:
                async with self._turn():
                    answer = await self._pods.call(
                        pod.address or "", self._audience, "GET", f"/jobs?key={quote(key)}"
                    )
                jobs = [Job.model_validate(each) for each in answer.get("jobs", ())]
            except (PodFailure, ValidationError):
                continue
            if jobs:
                return fold(jobs)
        return None

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(self._ends), self._places:
                yield
        except TimeoutError:
            raise PodFailure(
                f"it was not asked: others did not answer for {_SECONDS:.0f} s"
            ) from None
