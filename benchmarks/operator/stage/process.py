"""The operator's process, as its surroundings see it: time, memory, metrics."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psutil

from benchmarks.operator.stage.stage import Stage
from tests.api_server.programs import running_operator

_SAMPLE: Final = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Metrics:
    """What it told Prometheus at one moment."""

    text: str

    def sum(self, name: str, labels: str = "") -> float:
        """Of all samples of a name whose labels have `labels` in them."""
        return sum(
            float(value)
            for each, told, value in _SAMPLE.findall(self.text)
            if each == name and labels in told
        )


class OperatorProcess:
    """One that runs."""

    def __init__(self, pid: int, address: str) -> None:
        """`address` is where its metrics are."""
        self._process = psutil.Process(pid)
        self._address = address

    @property
    def cpu(self) -> float:
        """Seconds of one core that it has taken."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    @property
    def memory(self) -> int:
        """Resident bytes now."""
        return int(self._process.memory_info().rss)

    @property
    def peak(self) -> int:
        """The most resident bytes it ever had, as the kernel has counted."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        found = _PEAK.search(status)
        if found is None:
            raise RuntimeError("the kernel tells no VmHWM")
        return int(found.group(1)) * 1024

    async def scrape(self) -> Metrics:
        """As Prometheus does."""
        async with httpx.AsyncClient(timeout=30) as http:
            answer = await http.get(f"{self._address}/metrics")
            return Metrics(answer.raise_for_status().text)


@asynccontextmanager
async def operating(stage: Stage) -> AsyncIterator[OperatorProcess]:
    """One with the settings that it has by itself, until the block ends."""
    running = running_operator(stage.server, stage.folder, account=stage.account, log_level="info")
    started = await asyncio.to_thread(running.__enter__)
    try:
        yield OperatorProcess(started.process.pid, started.address)
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)
