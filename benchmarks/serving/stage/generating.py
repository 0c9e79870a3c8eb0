"""Runs the generator of loads."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.programs import build_environment, mortal
from benchmarks.serving.generator.order import Calls, Order
from benchmarks.serving.stage.dialects import Dialect
from embedding_service.vectors import Matrix


def generate(order: Order) -> Calls:
    """Make the load in a child and wait for its end. Raises RuntimeError when that fails."""
    with TemporaryDirectory(prefix="gpu-embedding-bench-") as folder:
        calls = Path(folder) / "calls"
        done = subprocess.run(
            [*mortal(), sys.executable, "-m", "benchmarks.serving.generator", str(calls)],
            env=build_environment(),
            input=json.dumps(asdict(order)) + "\n",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the generator of loads has failed:\n{done.stderr[-3000:]}")
        return Calls(**json.loads(calls.read_text(encoding="utf-8")))


def read_answers(path: Path, dialect: Dialect) -> Mapping[int, Matrix]:
    """What the generator has kept."""
    answers: dict[int, Matrix] = {}
    for line in path.read_bytes().splitlines():
        number, _, body = line.partition(b" ")
        answers[int(number)] = dialect.parse(body)
    return answers
