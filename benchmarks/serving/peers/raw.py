"""The model with no server around it: `encode` of as many texts as would come at a time.

    python -m benchmarks.serving.peers.raw FOLDER THREADS

Takes orders as the generator does, one line of JSON each, and answers each with a line.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from benchmarks.serving.generator.order import Calls, Order


def measure(model: SentenceTransformer, order: Order) -> Calls:
    """One body of texts after the other; what was kept is written as the naive server answers."""
    lines = Path(order.bodies).read_bytes().splitlines()
    requests: list[list[str]] = [json.loads(line)["texts"] for line in lines]
    calls, kept = Calls(), dict[int, NDArray[np.float32]]()
    began = time.perf_counter()
    while (started := time.perf_counter()) < began + order.seconds:
        number = len(calls.bodies) % len(requests)
        vectors = cast("NDArray[np.float32]", model.encode(requests[number]))
        calls.seconds.append(time.perf_counter() - started)
        calls.started.append(started - began)
        calls.bodies.append(number)
        calls.statuses.append(200)
        if number < order.kept:
            kept.setdefault(number, vectors)
    calls.elapsed = time.perf_counter() - began
    if order.answers:
        told = (f"{number} {json.dumps({'embeddings': v.tolist()})}" for number, v in kept.items())
        Path(order.answers).write_text("\n".join(told), encoding="utf-8")
    return calls


def main(folder: str, threads: str) -> None:
    """Until stdin ends."""
    torch.set_num_threads(int(threads))
    model = SentenceTransformer(folder, device="cpu")
    for line in sys.stdin:
        calls = measure(model, Order(**json.loads(line)))
        sys.stdout.write(json.dumps(asdict(calls)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
