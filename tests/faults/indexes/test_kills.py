"""Killed at any point, a process loses nothing that it acknowledged, and does nothing by halves."""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import psutil
import pytest

from environment import clean_environment
from old_record import EMPTY, list_revisions
from waiting import wait_until

PROGRAM = Path(__file__).with_name("dying_process.py")
SUPPORT = Path(__file__).parents[2] / "support"

# See mortality.py. Odd counts are before a call, even ones after it, and a third number is a delay.
NAMED: Final = (
    ("commit:2", "commit:7", "commit:7:400", "apply:1", "apply:2", "apply:9", "seal:1", "seal:2"),
    (
        "retune:1",
        "retune:2",
        "store:1",
        "store:2",
        "build:1",
        "build:2",
        "build:2:200000",
        "adopt:2",
        "adopt:3",
    ),
    ("compact:1", "gather:1", "gather:2", "adopt:1", "purge:1", "purge:2", "compact:2"),
    ("publish:1", "publish:40", "publish:90:300", "announce:1", "announce:2", "retire:1"),
    ("statement:5", "statement:18", "migrate:1", "migrate:2", "commit:1", "commit:1:400"),
)
NAMED_ALONE: Final = ("adopt:4",)
NAMED_SHARED: Final = ("share:2", "share:3", "share:4")
Steps: TypeAlias = Mapping[str, tuple[int, int, int]]
"""How often it is drawn, the most times to come to it, the longest delay in microseconds."""
OPENING: Final[Steps] = {"statement": (8, 22, 0), "migrate": (1, 2, 0), "commit": (2, 1, 3_000)}
SERVING: Final[Steps] = {
    "statement": (12, 120, 0),
    "commit": (6, 16, 2_000),
    "apply": (2, 30, 0),
    "seal": (2, 10, 0),
    "gather": (1, 6, 0),
    "store": (1, 2, 0),
    "build": (2, 2, 1_500_000),
    "adopt": (2, 4, 0),
    "compact": (1, 4, 0),
    "purge": (1, 6, 0),
    "publish": (6, 150, 5_000),
    "announce": (1, 3, 0),
    "retire": (1, 4, 0),
}
SHARING: Final[Steps] = {"share": (2, 4, 0)}
"""Only where several processes have one database."""
SEED = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """Points to die at, drawn again in the same way from the same seed."""

    chance: random.Random
    serving: Steps

    @classmethod
    def of(cls, url: str, seed: int) -> "Choice":
        sharing = SHARING if is_shared(url) else {}
        return cls(random.Random(seed), {**SERVING, **sharing})  # noqa: S311

    def draw_chains(self, count: int, servings: int) -> list[str]:
        """Two deaths while a database is brought to its schema, then others, for each revision."""
        revisions = list_revisions()
        return [
            self._draw_chain(revisions[turn % len(revisions)], servings) for turn in range(count)
        ]

    def _draw_chain(self, revision: str, servings: int) -> str:
        points = self._draw(OPENING, 2) + self._draw(self.serving, servings)
        return build_chain(revision, points)

    def _draw(self, steps: Steps, count: int) -> list[str]:
        weights = [weight for weight, _, _ in steps.values()]
        drawn = self.chance.choices(list(steps), weights, k=count)
        return [self._draw_point(step, *steps[step][1:]) for step in drawn]

    def _draw_point(self, step: str, most: int, delay: int) -> str:
        point = f"{step}:{self.chance.randint(1, most)}"
        if not delay or self.chance.random() < 0.5:
            return point
        return f"{point}:{self.chance.randint(1, delay)}"


def build_chain(revision: str, points: Sequence[str]) -> str:
    return f"{revision}/{','.join(points)}"


def is_shared(url: str) -> bool:
    return url.startswith("postgresql")


def count_steps(chains: Sequence[str]) -> Counter[str]:
    """How many deaths are at each step."""
    points = [point for chain in chains for point in chain.partition("/")[2].split(",")]
    return Counter(point.partition(":")[0] for point in points)


def kill(url: str, folder: Path, chains: Sequence[str], seconds: float, abreast: int = 1) -> None:
    """Let processes die along all chains, some of them side by side."""
    with ExitStack() as stack:
        programs = [
            stack.enter_context(run_program(url, folder, chains[first::abreast]))
            for first in range(abreast)
        ]
        wait_until(lambda: have_ended(programs), seconds, "the end of all chains")


def have_ended(programs: Sequence[subprocess.Popen[bytes]]) -> bool:
    statuses = [program.poll() for program in programs]
    assert not any(statuses), "see the captured stderr"
    return None not in statuses


@contextmanager
def run_program(url: str, folder: Path, chains: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Nothing of it is left after the block."""
    program = subprocess.Popen(
        [sys.executable, PROGRAM, url, folder, *chains],
        env=clean_environment(PYTHONPATH=str(SUPPORT)),
    )
    try:
        yield program
    finally:
        if program.poll() is None:
            for process in psutil.Process(program.pid).children(recursive=True):
                process.kill()
            program.kill()
            program.wait()


@pytest.mark.timeout(620)
def test_killed_at_any_point_it_loses_nothing(record_url: str, record_folder: Path) -> None:
    named = [*NAMED, NAMED_SHARED if is_shared(record_url) else NAMED_ALONE]
    chains = [build_chain(EMPTY, points) for points in named]
    chains += Choice.of(record_url, SEED).draw_chains(len(list_revisions()), 3)
    assert count_steps(chains).total() >= 30
    kill(record_url, record_folder, chains, 600)


@pytest.mark.long
@pytest.mark.timeout(2_400)
def test_killed_a_thousand_times_it_loses_nothing(
    record_url: str, record_folder: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    record_property("seed", seed)
    sys.stdout.write(f"seed: {seed}\n")
    chains = Choice.of(record_url, seed).draw_chains(125, 6)
    deaths = count_steps(chains)
    assert deaths.total() == 1_000
    for step, count in sorted(deaths.items()):
        record_property(f"deaths at {step}", count)
    started = time.monotonic()
    kill(record_url, record_folder, chains, 2_300, abreast=2)
    record_property("seconds for each death", f"{(time.monotonic() - started) / 1_000:.2f}")
