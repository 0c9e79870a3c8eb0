"""How the operator's port writes its answers."""

from typing import Any

import orjson
from starlette.responses import Response


def answer(
    value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """JSON, with times in UTC."""
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    return Response(body, status_code=status, headers=headers, media_type="application/json")
