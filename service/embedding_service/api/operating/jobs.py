"""/jobs: long work that the operator orders, each order under a key and so done once."""

from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload
from embedding_service.api.headers import IDEMPOTENCY_KEY
from embedding_service.api.native.indexes.parameters import (
    query_of,
)
from embedding_service.api.operating.answers import answer
from embedding_service.api.operating.payloads import (
    PurgeOrder,
    ReloadOrder,
    RestoreOrder,
    SnapshotOrder,
)
from embedding_service.api.operating.rooms import loaded_of, sole_of
from embedding_service.api.parameters import Parameter
from embedding_service.api.rooms import rooms_of
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.errors import NotConfirmed
from embedding_service.jobs.requests import JobFacts, Order

_LONGEST_KEY: Final = 128
_KEY: Final = Parameter("key", "query", {"type": "string"}, "Of an order.")


async def order_snapshot(request: Request) -> Response:
    """A snapshot, and then retention as the order says."""
    sole = loaded_of(request)
    payload = await read_payload(request, SnapshotOrder, rooms_of(request).settings)
    order = Order(_key_of(request), payload.retry)
    return _ordered(*await sole.jobs.snapshot(order, payload.kept))


async def order_restore(request: Request) -> Response:
    """A snapshot over the index; what does not fit is told by the job."""
    sole = loaded_of(request)
    payload = await read_payload(request, RestoreOrder, rooms_of(request).settings)
    order = Order(_key_of(request), payload.retry)
    return _ordered(*await sole.jobs.restore(order, payload.wanted))


async def order_reload(request: Request) -> Response:
    """What is searched, anew; the old is searched until then, and stays where the job fails."""
    sole = loaded_of(request)
    payload = await read_payload(request, ReloadOrder, rooms_of(request).settings)
    order = Order(_key_of(request), payload.retry)
    return _ordered(*await sole.jobs.reload(order, payload.snapshot))


async def order_purge(request: Request) -> Response:
    """The index removed for good, also while it is loading; this pod has nothing to serve then."""
    rooms = rooms_of(request)
    sole = sole_of(rooms)
    payload = await read_payload(request, PurgeOrder, rooms.settings)
    if payload.confirm != sole.index.uid:
        raise NotConfirmed(sole.index.uid)
    order = Order(_key_of(request), payload.retry)
    rooms.lifecycle.leave()
    return _ordered(*await sole.jobs.purge(order, snapshots=payload.snapshots))


async def read_job(request: Request) -> Response:
    """One job, whatever process does it."""
    query_of(request)
    sole = sole_of(rooms_of(request))
    return answer(_entry(await sole.jobs.job(request.path_params["id"])))


async def list_jobs(request: Request) -> Response:
    """Those of one key, newest first."""
    sole = sole_of(rooms_of(request))
    key = query_of(request, _KEY).get(_KEY.name)
    if key is None:
        raise InvalidRequest("key is required", [Issue("is required", path=_KEY.name)])
    return answer({"jobs": [_entry(facts) for facts in await sole.jobs.jobs(key)]})


def _key_of(request: Request) -> str:
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    if not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
        message = f"is required, with 1 to {_LONGEST_KEY} printable characters"
        raise InvalidRequest(f"{IDEMPOTENCY_KEY} {message}", [Issue(message, path=IDEMPOTENCY_KEY)])
    return key


def _ordered(facts: JobFacts, is_new: bool) -> Response:
    return answer(_entry(facts), 202 if is_new else 200, {"Location": f"/jobs/{facts.id}"})


def _entry(facts: JobFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "kind": facts.kind,
        "key": facts.key,
        "state": facts.state,
        "progress": facts.progress,
        "phase": facts.phase,
        "error": facts.error,
        "code": facts.code,
        "detail": dict(facts.detail),
        "instance": facts.instance,
        "created_at": datetime.fromtimestamp(facts.created_at, UTC),
        "updated_at": datetime.fromtimestamp(facts.updated_at, UTC),
    }
