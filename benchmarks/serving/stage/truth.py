"""How near vectors are to what sentence-transformers gives for each text alone."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.programs import build_environment, mortal
from benchmarks.serving.models import Model
from benchmarks.serving.stage.drive import Run
from embedding_service.vectors import Matrix, normalise


@dataclass(frozen=True, slots=True)
class Truth:
    """Vectors of unit length by text."""

    vectors: Mapping[str, Matrix]

    def compare(self, run: Run) -> float | None:
        """The least cosine of an answer of `run`; None where it has none that is known here."""
        cosines = [
            self._compute(text, row)
            for number, rows in run.answers.items()
            for text, row in zip(run.bodies.texts[number], rows, strict=True)
            if text in self.vectors
        ]
        return min(cosines, default=None)

    def _compute(self, text: str, row: Matrix) -> float:
        return float(normalise(row[None, :])[0] @ self.vectors[text])


def find_truth(model: Model, texts: Sequence[str], folder: Path) -> Truth:
    """Embed each text alone, in a child. Raises RuntimeError when that fails."""
    path = folder / "truth.npy"
    done = subprocess.run(
        [
            *mortal(),
            sys.executable,
            "-m",
            "benchmarks.serving.peers.truth",
            str(model.folder),
            path,
        ],
        env=build_environment(HF_HUB_OFFLINE="1"),
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the truth cannot be had:\n{done.stderr[-3000:]}")
    rows = normalise(np.load(path))
    return Truth(dict(zip(texts, rows, strict=True)))
