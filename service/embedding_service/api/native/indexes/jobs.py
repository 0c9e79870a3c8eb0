"""/api/v1/indexes/{name}/jobs: long work, started here or elsewhere, and how it goes."""

from datetime import UTC, datetime
from typing import Any, Final

import orjson
from fastapi import APIRouter
from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import Payload, read_payload, request_body
from embedding_service.api.dialects import Dialect
from embedding_service.api.native.indexes.answers import JobAnswer, JobsAnswer
from embedding_service.api.native.indexes.parameters import (
    INDEX,
    index_of,
    named,
    query_of,
)
from embedding_service.api.native.indexes.payloads import Name
from embedding_service.api.parameters import Parameter, parameters
from embedding_service.api.responses import READS, WRITES, problems_of
from embedding_service.api.rooms import jobs_of, rooms_of
from embedding_service.indexes.definition import Engine
from embedding_service.jobs.requests import JobFacts, NewCopy

router = APIRouter(prefix="/api/v1/indexes/{name}", tags=["indexes"])

_LARGEST_DIMENSION: Final = 65_536
_JOB: Final = Parameter("id", "path", {"type": "string", "maxLength": 64}, "A job.")
STARTED: Final = {
    "model": JobAnswer,
    "headers": {
        "Location": {"description": "Where to ask how it goes.", "schema": {"type": "string"}}
    },
}


class CompactRequest(Payload):
    """Nothing is to be said of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {}})


class ReindexRequest(Payload):
    """The index that is made of another's texts; its metric and fields are the other's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"into": "articles-2", "model": "another-model"}},
    )

    into: Name
    """Its name; no index and no alias may have it yet."""
    model: str | None = Field(default=None, max_length=200)
    """A served model by name; without it the index's own, as it is served now."""
    dimension: int | None = Field(default=None, ge=1, le=_LARGEST_DIMENSION)
    """Without it the index's own, or another model's."""
    engine: Engine | None = None
    """Without it the index's own."""


def optional(body: dict[str, Any]) -> dict[str, Any]:
    """`request_body` of a route that needs none."""
    return {"requestBody": {**body["requestBody"], "required": False}}


@router.post(
    "/compact",
    summary="Make all segments one",
    status_code=202,
    openapi_extra={**optional(request_body(CompactRequest)), **parameters(INDEX)},
    responses={202: STARTED, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def compact(request: Request) -> Response:
    """Without the rows that were removed or replaced, searched as the index's engine says.

    It comes of itself where it pays; this is for having it now. Searches and writes go on.
    """
    jobs = jobs_of(request)
    query_of(request)
    name = index_of(request)
    if has_body(request):
        await read_payload(request, CompactRequest, rooms_of(request).settings)
    return started(request, await jobs.compact(name))


@router.post(
    "/reindex",
    summary="Embed all texts anew, into another index",
    status_code=202,
    openapi_extra={**request_body(ReindexRequest), **parameters(INDEX)},
    responses={202: STARTED, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def reindex(request: Request) -> Response:
    """The way to another model: when the job is done, point an alias at the new index.

    What is written meanwhile comes along; what is written after the job has ended does not. The
    job fails, before it embeds anything, where documents have no text.
    """
    jobs = jobs_of(request)
    query_of(request)
    name = index_of(request)
    payload = await read_payload(request, ReindexRequest, rooms_of(request).settings)
    wanted = NewCopy(
        into=named(payload.into, "into"),
        model=payload.model,
        dimension=payload.dimension,
        engine=payload.engine,
    )
    return started(request, await jobs.reindex(name, wanted))


@router.get(
    "/jobs",
    summary="All jobs of an index",
    openapi_extra=parameters(INDEX),
    responses={200: {"model": JobsAnswer}, **problems_of(Dialect.NATIVE, *READS)},
)
async def list_jobs(request: Request) -> Response:
    """Newest first, whatever process does them."""
    jobs = jobs_of(request)
    query_of(request)
    found = await jobs.jobs(index_of(request))
    return _json({"jobs": [_entry(facts) for facts in found]})


@router.get(
    "/jobs/{id}",
    summary="One job",
    openapi_extra=parameters(INDEX, _JOB),
    responses={200: {"model": JobAnswer}, **problems_of(Dialect.NATIVE, *READS)},
)
async def read_job(request: Request) -> Response:
    """How it goes, to the second."""
    jobs = jobs_of(request)
    query_of(request)
    return _json(_entry(await jobs.job(index_of(request), request.path_params[_JOB.name])))


def has_body(request: Request) -> bool:
    """Whether anything was sent, where nothing need be."""
    headers = request.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def started(request: Request, facts: JobFacts) -> Response:
    """202, and where to ask how it goes."""
    indexes = request.url.path.partition("/indexes/")[0]
    place = f"{indexes}/indexes/{facts.index}/jobs/{facts.id}"
    return _json(_entry(facts), 202, {"Location": place})


def _entry(facts: JobFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "index": facts.index,
        "kind": facts.kind,
        "state": facts.state,
        "progress": facts.progress,
        "phase": facts.phase,
        "error": facts.error,
        "detail": dict(facts.detail),
        "created_at": datetime.fromtimestamp(facts.created_at, UTC),
        "updated_at": datetime.fromtimestamp(facts.updated_at, UTC),
    }


def _json(
    value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
