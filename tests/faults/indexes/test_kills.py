"""Killed at any point, a process loses nothing that it acknowledged, and does nothing by halves."""

import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from environment import clean_environment

PROGRAM = Path(__file__).with_name("dying_process.py")
SUPPORT = Path(__file__).parents[2] / "support"
NAMED = (
    *(f"commit:{count}" for count in (1, 2, 7)),
    *(f"apply:{count}" for count in (1, 2, 9, 10)),  # odd ones between commit and view
    *(f"seal:{count}" for count in (1, 2, 9, 14)),
    *(f"store:{count}" for count in (1, 2)),
    *(f"build:{count}" for count in (1, 2)),
    *(f"adopt:{count}" for count in (1, 2, 3, 4)),  # of the stored segment, of the built one
)
AT_RANDOM = 13
SEED = 20


def kill(url: str, folder: Path, tmp_path: Path, points: list[str], seconds: float) -> None:
    program = subprocess.Popen(
        [sys.executable, PROGRAM, url, folder, tmp_path / "journal", *points],
        env=clean_environment(PYTHONPATH=str(SUPPORT)),
    )
    try:
        assert program.wait(seconds) == 0
    finally:
        if program.poll() is None:
            for process in psutil.Process(program.pid).children(recursive=True):
                process.kill()
            program.kill()
            program.wait()


def draw_points(seed: int, count: int) -> list[str]:
    """Points of a process's first writes, most of them inside statements."""
    chance = random.Random(seed)  # noqa: S311  the same every time
    steps = {"statement": 120, "commit": 20, "apply": 30, "seal": 12}
    drawn = chance.choices(list(steps), weights=[7, 1, 1, 1], k=count)
    return [f"{step}:{chance.randint(1, steps[step])}" for step in drawn]


@pytest.mark.timeout(320)
def test_killed_at_any_point_it_loses_nothing(
    record_url: str, record_folder: Path, tmp_path: Path
) -> None:
    points = [*NAMED, *draw_points(SEED, AT_RANDOM)]
    random.Random(SEED).shuffle(points)  # noqa: S311
    kill(record_url, record_folder, tmp_path, points, 300)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_a_thousand_times_it_loses_nothing(
    record_url: str, record_folder: Path, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed: {seed}\n")
    points = draw_points(seed, 1_000 - len(NAMED)) + list(NAMED)
    random.Random(seed).shuffle(points)  # noqa: S311
    kill(record_url, record_folder, tmp_path, points, 3500)
