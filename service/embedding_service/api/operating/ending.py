"""The end of a pod."""

from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.rooms import rooms_of


async def drain(request: Request) -> Response:
    """Say no to `/readyz` from now on; who still comes is served until the process is to end."""
    rooms_of(request).lifecycle.leave()
    return Response(status_code=204)
