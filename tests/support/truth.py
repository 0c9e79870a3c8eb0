"""What sentence-transformers itself answers for the corpus, each text embedded alone.

Computed once for a test run, in a process of its own (truth_process.py), because torch takes long
to import.
"""

import subprocess
import sys
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from filelock import FileLock

from corpus import CORPUS
from embedding_service.vectors import Matrix
from environment import tool_environment
from served_models import MINILM, MULTILINGUAL
from tiny_models import (
    BERT,
    DISTILBERT,
    ELECTRA,
    EXCLUDED_PROMPTS,
    MATRYOSHKA,
    MPNET,
    PROMPTS,
    ROBERTA,
)

_PROCESS = Path(__file__).with_name("truth_process.py")

Method: TypeAlias = Literal["encode", "encode_query", "encode_document"]
_METHODS: tuple[Method, ...] = ("encode", "encode_query", "encode_document")


@dataclass(frozen=True, slots=True)
class Encoding:
    """One way of asking sentence-transformers: a model and the arguments of its `encode`."""

    model: str
    method: Method = "encode"
    normalise: bool = True
    dimensions: int | None = None

    def __str__(self) -> str:
        return "-".join(str(value) for value in asdict(self).values())


PLAIN = tuple(
    Encoding(model, normalise=normalise)
    for model, normalise in product(
        (MINILM, BERT, MPNET, MULTILINGUAL, ROBERTA, DISTILBERT, ELECTRA), (True, False)
    )
)
PROMPTED = tuple(
    Encoding(model, method) for model, method in product((PROMPTS, EXCLUDED_PROMPTS), _METHODS)
)
CUT = tuple(
    Encoding(model, normalise=normalise, dimensions=dimensions)
    for (model, dimensions), normalise in product(
        ((MATRYOSHKA, 16), (MATRYOSHKA, 8), (MPNET, 20), (MINILM, 128)), (True, False)
    )
)

ENCODINGS = tuple(dict.fromkeys((*PLAIN, *PROMPTED, *CUT)))


class Truth:
    """Rows for any texts of the corpus."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def rows(self, encoding: Encoding, *texts: str) -> Matrix:
        """Shape (len(texts), d); the whole corpus when no text is named."""
        matrix: Matrix = np.load(self._folder / f"{encoding}.npy")
        return matrix[[CORPUS.index(text) for text in texts or CORPUS]]


def compute_truth(folder: Path) -> Truth:
    """Fill `folder`, unless another process of the same test run has done it or is doing it."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "done"
    with FileLock(folder / "lock"):
        if not done.exists():
            command = [sys.executable, str(_PROCESS), str(folder)]
            subprocess.run(command, check=True, env=tool_environment())
            done.touch()
    return Truth(folder)
