"""/openapi.json: made from the routers alone, so it is the same whatever the settings and models.

`make generate` keeps a copy in docs/openapi.json.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from embedding_service.api import openai, probes
from embedding_service.api.bodies import Payload
from embedding_service.api.native import embeddings, health, models, vectors
from embedding_service.api.native.indexes import (
    aliases,
    catalogue,
    documents,
    jobs,
    search,
    snapshots,
)
from embedding_service.api.native.indexes import payloads as index_payloads
from embedding_service.api.responses import SHAPES
from embedding_service.api.tei import embed, information, payloads, tokens

ROUTERS: Sequence[APIRouter] = (
    embeddings.router,
    vectors.router,
    models.router,
    search.router,
    documents.router,
    catalogue.router,
    aliases.router,
    jobs.router,
    snapshots.router,
    openai.router,
    embed.router,
    tokens.router,
    information.router,
    health.router,
    probes.router,
)
"""All but /metrics, which settings can take away."""

_PAYLOADS: Sequence[type[Payload]] = (
    embeddings.GenerateRequest,
    embeddings.BatchRequest,
    vectors.VectorsRequest,
    index_payloads.SearchRequest,
    index_payloads.TextsToAdd,
    index_payloads.AddRequest,
    index_payloads.RemoveRequest,
    index_payloads.CreateIndexRequest,
    index_payloads.ChangeIndexRequest,
    index_payloads.RestoreRequest,
    index_payloads.CheckRequest,
    index_payloads.AliasRequest,
    jobs.CompactRequest,
    jobs.ReindexRequest,
    openai.OpenAIEmbeddingRequest,
    payloads.EmbedRequest,
    payloads.SimilarityRequest,
    payloads.TokenizeRequest,
    payloads.DecodeRequest,
)
_TAGS = ("embeddings", "indexes", "models", "OpenAI", "text-embeddings-inference", "operation")
"""In the order of /docs."""
_REFERENCE = "#/components/schemas/{model}"
_API_VERSION = "v1"
"""Of the interface, not of the package: it changes when a client would have to."""


def build_document() -> dict[str, Any]:
    """The OpenAPI document."""
    document = get_openapi(
        title="gpu-embedding",
        version=_API_VERSION,
        description=(
            "Texts in, vectors and nearest documents out. The native API, and the dialects of "
            "OpenAI and of text-embeddings-inference, over the same models."
        ),
        routes=[route for router in (*ROUTERS, probes.metrics_router) for route in router.routes],
    )
    document["tags"] = [{"name": name} for name in _TAGS]
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(_schemas())
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{}, {"key": []}]  # keys are optional: docs/authentication.md
    return document


@cache
def render_document() -> str:
    """The document as it is served, and checked in as docs/openapi.json."""
    form = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(build_document(), option=form).decode()


def _schemas() -> dict[str, Any]:
    """Schemas of what routes read and of their errors; FastAPI itself knows only the answers."""
    kinds: list[type[BaseModel]] = [*_PAYLOADS, *SHAPES.values()]
    _, definitions = models_json_schema(
        [(kind, "validation") for kind in kinds], ref_template=_REFERENCE
    )
    return dict(definitions["$defs"])
