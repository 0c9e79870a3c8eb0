"""/api/v1/indexes: which there are."""

from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload, request_body
from embedding_service.api.dialects import Dialect
from embedding_service.api.native.indexes.answers import IndexAnswer, IndexesAnswer
from embedding_service.api.native.indexes.parameters import (
    CONFIRM,
    DOCUMENTS,
    INDEX,
    documents_of,
    index_of,
    named,
    query_of,
)
from embedding_service.api.native.indexes.payloads import (
    ChangeIndexRequest,
    CreateIndexRequest,
    EngineParameters,
)
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import READS, REMOVALS, WRITES, problems_of
from embedding_service.api.rooms import retrieval_of, rooms_of
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine, check_fields
from embedding_service.indexes.parameters import tell, tune
from embedding_service.indexes.tuning import Tuning
from embedding_service.retrieval.requests import IndexFacts, NewIndex

router = APIRouter(prefix="/api/v1/indexes", tags=["indexes"])


@router.get(
    "",
    summary="All indexes",
    responses={200: {"model": IndexesAnswer}, **problems_of(Dialect.NATIVE, *READS)},
)
async def list_indexes(request: Request) -> Response:
    """As they are now, by name."""
    retrieval = retrieval_of(request)
    query_of(request)
    found = await retrieval.indexes()
    return _json({"indexes": [_entry(facts) for facts in found]})


@router.post(
    "",
    summary="Create an index",
    status_code=201,
    openapi_extra=request_body(CreateIndexRequest),
    responses={201: {"model": IndexAnswer}, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def create_index(request: Request) -> Response:
    """The name alone is enough: the default model, cosine, and an engine chosen by size."""
    retrieval = retrieval_of(request)
    query_of(request)
    payload = await read_payload(request, CreateIndexRequest, rooms_of(request).settings)
    facts = await retrieval.create(_new_index(payload))
    return _json(_entry(facts), 201, {"Location": f"{request.url.path}/{facts.name}"})


@router.get(
    "/{name}",
    summary="One index",
    openapi_extra=parameters(INDEX, DOCUMENTS),
    responses={200: {"model": IndexAnswer}, **problems_of(Dialect.NATIVE, *READS)},
)
async def describe_index(request: Request) -> Response:
    """What it is, what it holds and what that takes."""
    retrieval = retrieval_of(request)
    documents = documents_of(query_of(request, DOCUMENTS))
    return _json(_entry(await retrieval.describe(index_of(request), documents)))


@router.patch(
    "/{name}",
    summary="Change an index",
    openapi_extra={**parameters(INDEX), **request_body(ChangeIndexRequest)},
    responses={200: {"model": IndexAnswer}, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def change_index(request: Request) -> Response:
    """What it is searched by. As before until the new graphs are built, beside the searches."""
    retrieval = retrieval_of(request)
    query_of(request)
    payload = await read_payload(request, ChangeIndexRequest, rooms_of(request).settings)
    wanted = Blueprint(payload.engine, _tuning_of(payload.engine, payload.engine_parameters))
    return _json(_entry(await retrieval.retune(index_of(request), wanted)))


@router.delete(
    "/{name}",
    summary="Remove an index",
    status_code=204,
    openapi_extra=parameters(INDEX, CONFIRM),
    responses=problems_of(Dialect.NATIVE, *REMOVALS),
)
async def drop_index(request: Request) -> Response:
    """With all its documents, for ever; `confirm` must say its name."""
    retrieval = retrieval_of(request)
    query = query_of(request, CONFIRM)
    await retrieval.drop(index_of(request), query.get(CONFIRM.name))
    return Response(status_code=204)


def _new_index(payload: CreateIndexRequest) -> NewIndex:
    has_model = "model" not in payload.model_fields_set or payload.model is not None
    if not has_model and payload.dimension is None:
        message = "is required where `model` is null"
        raise InvalidRequest(f"dimension {message}", [Issue(message, path="dimension")])
    return NewIndex(
        name=named(payload.name, "name"),
        model=payload.model,
        has_model=has_model,
        dimension=payload.dimension,
        metric=payload.metric,
        engine=payload.engine,
        tuning=_tuning_of(payload.engine, payload.engine_parameters),
        fields=check_fields(payload.fields),
    )


def _tuning_of(engine: Engine, given: EngineParameters) -> Tuning:
    fields = given.model_dump()
    return tune(engine, fields, {name: f"engine_parameters.{name}" for name in fields})


def _entry(facts: IndexFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "uid": facts.uid,
        "model": facts.model,
        "fingerprint": facts.fingerprint,
        "dimension": facts.dimension,
        "metric": facts.metric,
        "engine": facts.engine,
        "engine_parameters": tell(facts.engine, facts.tuning),
        "fields": dict(facts.fields),
        "aliases": list(facts.aliases),
        "documents": facts.documents,
        "size_bytes": facts.size,
        "version": facts.version,
        "lag": facts.version - facts.applied,
        "memory_bytes": facts.memory,
        "estimated_memory_bytes": facts.estimate,
        "unbuilt": facts.unbuilt,
        "created_at": datetime.fromtimestamp(facts.created_at, UTC),
        "damage": facts.damage,
        "segments": [
            {
                "engine": segment.engine,
                "rows": segment.rows,
                "live": segment.live,
                "size_bytes": segment.size,
                "recall": segment.recall,
            }
            for segment in facts.segments
        ],
    }


def _json(
    value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
