"""The end of a pod, and of an index."""

from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload
from embedding_service.api.operating.answers import answer
from embedding_service.api.operating.payloads import PurgeRequest
from embedding_service.api.operating.rooms import sole_of
from embedding_service.api.rooms import rooms_of
from embedding_service.indexes.errors import NotConfirmed


async def drain(request: Request) -> Response:
    """Say no to `/readyz` from now on; who still comes is served until the process is to end."""
    rooms_of(request).lifecycle.leave()
    return Response(status_code=204)


async def purge(request: Request) -> Response:
    """Remove the index for good, and this pod from those that are ready: it has nothing to serve.

    It may be asked again, and removes what is left.
    """
    rooms = rooms_of(request)
    sole = sole_of(rooms)
    payload = await read_payload(request, PurgeRequest, rooms.settings)
    if payload.confirm != sole.index.uid:
        raise NotConfirmed(sole.index.uid)
    rooms.lifecycle.leave()
    purged = await sole.index.purge(snapshots=payload.snapshots)
    return answer({"documents": purged.documents, "snapshots": purged.snapshots})
