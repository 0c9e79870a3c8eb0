"""/snapshots: which there are, and which go."""

from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload
from embedding_service.api.native.indexes.snapshots import tell_snapshot
from embedding_service.api.operating.answers import answer
from embedding_service.api.operating.payloads import SweepRequest
from embedding_service.api.operating.rooms import loaded_of
from embedding_service.api.rooms import rooms_of


async def list_snapshots(request: Request) -> Response:
    """Newest first; those that cannot be read come last, and say why."""
    sole = loaded_of(request)
    found = await sole.retrieval.snapshots.all(sole.index.new.name)
    return answer({"snapshots": [tell_snapshot(facts) for facts in found]})


async def sweep(request: Request) -> Response:
    """Let go of what is neither held nor young nor among the newest."""
    sole = loaded_of(request)
    payload = await read_payload(request, SweepRequest, rooms_of(request).settings)
    return answer({"dropped": await sole.index.sweep(payload.kept)})
