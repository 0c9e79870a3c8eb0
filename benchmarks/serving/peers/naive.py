"""The server that one writes in an afternoon: FastAPI over sentence-transformers' `encode`.

    python -m benchmarks.serving.peers.naive FOLDER THREADS PORT

With `async def`, so that one request is embedded at a time. A plain `def`, which FastAPI runs in
forty threads, was slower in every row when both were measured, because they fight for the cores.
"""

import sys

import torch
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer


class Texts(BaseModel):
    """A request."""

    texts: list[str]


def build(folder: str, threads: int) -> FastAPI:
    """The whole of it."""
    torch.set_num_threads(threads)
    model = SentenceTransformer(folder, device="cpu")
    app = FastAPI()

    @app.post("/embed")
    async def embed(request: Texts) -> dict[str, list[list[float]]]:
        return {"embeddings": model.encode(request.texts).tolist()}

    return app


def main(folder: str, threads: str, port: str) -> None:
    """Serve until SIGTERM."""
    uvicorn.run(build(folder, int(threads)), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
