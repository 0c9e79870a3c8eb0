"""What people's client libraries get, who parse answers and check them."""

import json
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.programs import build_environment, mortal
from benchmarks.results import Result
from benchmarks.serving.loads import make_bodies
from benchmarks.serving.models import find_minilm
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.peers import ROOT, plan_ours
from benchmarks.serving.stage.server import serving

_MODULE: Final = "benchmarks.serving.peers.clients"
_PYTHON: Final = ROOT / ".venv" / "bin" / "python"
_TEXTS: Final = 512
LEAN: Final = "the generator of loads"


def measure(scale: Scale, folder: Path) -> Result:
    """Curves by client: one point (ms of one short text, texts/s of 512 at once)."""
    if not _PYTHON.exists():
        return Result(lacking="the libraries are in .venv: run `make install` first")
    model = find_minilm()
    single, many = make_bodies(model, "short", _TEXTS), make_bodies(model, "short", 4, _TEXTS)
    with serving(plan_ours(model), folder) as server:
        done = subprocess.run(
            [
                *mortal(),
                str(_PYTHON),
                "-m",
                _MODULE,
                str(server.port),
                model.name,
                str(scale.seconds),
            ],
            env=build_environment(),
            input=json.dumps(many.texts[0]),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the clients have failed:\n{done.stderr[-3000:]}")
        result = Result(curves={name: [point] for name, point in json.loads(done.stdout).items()})
        alone = server.drive(Drive(single, scale.seconds)).calls
        together = server.drive(Drive(many, scale.seconds)).calls
    middle = sorted(alone.seconds)[len(alone.seconds) // 2] * 1e3
    result.curves[LEAN] = [[middle, len(together.bodies) * _TEXTS / together.elapsed]]
    return result
