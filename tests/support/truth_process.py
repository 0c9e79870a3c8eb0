"""Writes `<encoding>.npy` for each of truth.ENCODINGS into the folder named on the command line."""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from corpus import CORPUS
from embedding_service.vectors import Matrix
from served_models import model_folder
from truth import ENCODINGS, Encoding


@cache
def load(model: str) -> SentenceTransformer:
    return SentenceTransformer(str(model_folder(model)), device="cpu", local_files_only=True)


def encode(encoding: Encoding) -> Matrix:
    """Each text alone: no neighbour in the batch can take part in the truth."""
    ask = getattr(load(encoding.model), encoding.method)
    rows = [
        ask(
            text,
            normalize_embeddings=encoding.normalise,
            truncate_dim=encoding.dimensions,
            show_progress_bar=False,
        )
        for text in CORPUS
    ]
    return np.stack(rows).astype(np.float32)


def main() -> None:
    torch.set_num_threads(1)  # texts this small only lose by sharing the cores
    for encoding in ENCODINGS:
        np.save(Path(sys.argv[1]) / f"{encoding}.npy", encode(encoding))


if __name__ == "__main__":
    main()
