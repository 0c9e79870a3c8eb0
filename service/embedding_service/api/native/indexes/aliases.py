"""/api/v1/aliases: second names, moved from one index to another in one step."""

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload, request_body
from embedding_service.api.dialects import Dialect
from embedding_service.api.native.indexes.answers import AliasAnswer, AliasesAnswer
from embedding_service.api.native.indexes.parameters import (
    ALIAS,
    alias_of,
    named,
    query_of,
)
from embedding_service.api.native.indexes.payloads import AliasRequest
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import READS, REMOVALS, WRITES, problems_of
from embedding_service.api.rooms import retrieval_of, rooms_of

router = APIRouter(prefix="/api/v1/aliases", tags=["indexes"])


@router.get(
    "",
    summary="All aliases",
    responses={200: {"model": AliasesAnswer}, **problems_of(Dialect.NATIVE, *READS)},
)
async def list_aliases(request: Request) -> Response:
    """Each with the index it leads to."""
    retrieval = retrieval_of(request)
    query_of(request)
    return _json({"aliases": await retrieval.aliases()})


@router.put(
    "/{alias}",
    summary="Point an alias at an index",
    openapi_extra={**request_body(AliasRequest), **parameters(ALIAS)},
    responses={200: {"model": AliasAnswer}, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def point_alias(request: Request) -> Response:
    """Made, or moved from where it led: no request in between finds neither."""
    retrieval = retrieval_of(request)
    query_of(request)
    alias = alias_of(request)
    payload = await read_payload(request, AliasRequest, rooms_of(request).settings)
    index = named(payload.index, "index")
    await retrieval.point(alias, index)
    return _json({"alias": alias, "index": index})


@router.delete(
    "/{alias}",
    summary="Remove an alias",
    status_code=204,
    openapi_extra=parameters(ALIAS),
    responses=problems_of(Dialect.NATIVE, *REMOVALS),
)
async def remove_alias(request: Request) -> Response:
    """The index stays."""
    retrieval = retrieval_of(request)
    query_of(request)
    await retrieval.unpoint(alias_of(request))
    return Response(status_code=204)


def _json(value: object) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")
