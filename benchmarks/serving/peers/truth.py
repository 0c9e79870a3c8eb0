"""Writes what sentence-transformers gives for each text alone, in float32: the truth.

    python -m benchmarks.serving.peers.truth FOLDER VECTORS < TEXTS

TEXTS is a list in JSON; VECTORS becomes an array of numpy.
"""

import json
import sys

import numpy as np
import torch
from sentence_transformers import SentenceTransformer


def main(folder: str, vectors: str) -> None:
    """One forward for each."""
    torch.set_num_threads(1)  # a second one gains little, and on a busy machine loses much
    model = SentenceTransformer(folder, device="cpu")
    texts: list[str] = json.load(sys.stdin)
    np.save(vectors, np.stack([model.encode(text) for text in texts]).astype(np.float32))


if __name__ == "__main__":
    main(*sys.argv[1:])
