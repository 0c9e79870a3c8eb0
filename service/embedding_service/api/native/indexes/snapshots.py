"""/api/v1/indexes/{name}/snapshots, and what is done with them: restore, reload, check."""

from datetime import UTC
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload, request_body
from embedding_service.api.dialects import Dialect
from embedding_service.api.native.indexes.answers import SnapshotAnswer, SnapshotsAnswer
from embedding_service.api.native.indexes.jobs import STARTED, has_body, optional, started
from embedding_service.api.native.indexes.parameters import (
    INDEX,
    SNAPSHOT,
    VERIFY,
    flag_of,
    index_of,
    named,
    query_of,
)
from embedding_service.api.native.indexes.payloads import CheckRequest, RestoreRequest
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import READS, REMOVALS, WRITES, problems_of
from embedding_service.api.rooms import (
    jobs_of,
    refuse_if_operated,
    retrieval_of,
    rooms_of,
    snapshot_jobs_of,
)
from embedding_service.retrieval.requests import Restoration, SnapshotFacts

router = APIRouter(prefix="/api/v1/indexes/{name}", tags=["indexes"])


@router.get(
    "/snapshots",
    summary="All snapshots",
    openapi_extra=parameters(INDEX),
    responses={200: {"model": SnapshotsAnswer}, **problems_of(Dialect.NATIVE, 409, *READS)},
)
async def list_snapshots(request: Request) -> Response:
    """Newest first; those that cannot be read come last, and say why."""
    retrieval = retrieval_of(request)
    query_of(request)
    found = await retrieval.snapshots.all(index_of(request))
    return _json({"snapshots": [tell_snapshot(facts) for facts in found]})


@router.post(
    "/snapshots",
    summary="Make a snapshot",
    status_code=202,
    openapi_extra=parameters(INDEX),
    responses={202: STARTED, **problems_of(Dialect.NATIVE, *REMOVALS)},
)
async def make_snapshot(request: Request) -> Response:
    """Of all documents at one version, and of what they are searched by; writes go on.

    The job, once done, tells the snapshot's id. Then older ones go: see SNAPSHOTS_KEPT.
    """
    jobs = snapshot_jobs_of(request)
    query_of(request)
    return started(request, await jobs.snapshots.publish(index_of(request)))


@router.get(
    "/snapshots/{id}",
    summary="One snapshot",
    openapi_extra=parameters(INDEX, SNAPSHOT, VERIFY),
    responses={200: {"model": SnapshotAnswer}, **problems_of(Dialect.NATIVE, 409, *READS)},
)
async def describe_snapshot(request: Request) -> Response:
    """By its id, or `newest`. With `verify` it takes as long as reading all of its files."""
    retrieval = retrieval_of(request)
    query = query_of(request, VERIFY)
    name, id_ = index_of(request), request.path_params[SNAPSHOT.name]
    facts = await retrieval.snapshots.describe(name, id_)
    entry = tell_snapshot(facts)
    if flag_of(query, VERIFY) and facts.id is not None:
        entry["problems"] = await retrieval.snapshots.verify(name, facts.id)
    return _json(entry)


@router.delete(
    "/snapshots/{id}",
    summary="Remove a snapshot",
    status_code=204,
    openapi_extra=parameters(INDEX, SNAPSHOT),
    responses=problems_of(Dialect.NATIVE, *REMOVALS),
)
async def drop_snapshot(request: Request) -> Response:
    """Its files follow some hours later, those that no other snapshot needs."""
    retrieval = retrieval_of(request)
    refuse_if_operated(request)
    query_of(request)
    await retrieval.snapshots.drop(index_of(request), request.path_params[SNAPSHOT.name])
    return Response(status_code=204)


@router.post(
    "/restore",
    summary="Put a snapshot back",
    status_code=202,
    openapi_extra={**request_body(RestoreRequest), **parameters(INDEX)},
    responses={202: STARTED, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def restore(request: Request) -> Response:
    """Into a new index, which fills while the job runs; or over the index itself.

    Over itself, only what differs is written, as new versions, and searches go on; what others
    write meanwhile stays. A restore that was interrupted is finished by asking for it again.
    """
    jobs = snapshot_jobs_of(request)
    query_of(request)
    name = index_of(request)
    payload = await read_payload(request, RestoreRequest, rooms_of(request).settings)
    wanted = Restoration(
        snapshot=payload.snapshot,
        into=None if payload.into is None else named(payload.into, "into"),
        confirmation=payload.confirm,
        from_uid=payload.from_uid,
    )
    return started(request, await jobs.snapshots.restore(name, wanted))


@router.post(
    "/reload",
    summary="Make anew what is searched",
    status_code=202,
    openapi_extra=parameters(INDEX),
    responses={202: STARTED, **problems_of(Dialect.NATIVE, *REMOVALS)},
)
async def reload(request: Request) -> Response:
    """From the newest snapshot where one fits, and from the database; documents stay as they are.

    It is made beside what is searched meanwhile, and takes memory for both until it is done.
    """
    jobs = snapshot_jobs_of(request)
    query_of(request)
    return started(request, await jobs.snapshots.reload(index_of(request)))


@router.post(
    "/check",
    summary="Check an index end to end",
    status_code=202,
    openapi_extra={**optional(request_body(CheckRequest)), **parameters(INDEX)},
    responses={202: STARTED, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def check(request: Request) -> Response:
    """Every document against its checksum, and what is searched against the documents.

    The job's `problems` tell what was found; with `repair`, what is searched is made anew then.
    """
    jobs = jobs_of(request)
    query_of(request)
    name = index_of(request)
    payload = CheckRequest()
    if has_body(request):
        payload = await read_payload(request, CheckRequest, rooms_of(request).settings)
    return started(request, await jobs.snapshots.check(name, repair=payload.repair))


def tell_snapshot(facts: SnapshotFacts) -> dict[str, Any]:
    """One line of a list."""
    return {
        "id": facts.id,
        "created": facts.created and facts.created.astimezone(UTC),
        "version": facts.version,
        "count": facts.count,
        "size_bytes": facts.size,
        "readable": facts.fault is None,
        "fault": facts.fault,
    }


def _json(
    value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
