"""How problems look in /openapi.json: one shape a dialect, one line a status."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from embedding_service.api.dialects import Dialect

_DESCRIPTIONS = {
    400: "Malformed, or token ids of another vocabulary",
    401: "No key, or an unknown one",
    404: "No such route, model, index, document or alias",
    405: "The route takes other methods",
    408: "The rest of the body did not come",
    409: "The name is taken, or the index is of another model",
    413: "Too many texts, a text too long, or a body too large",
    415: "Not JSON by its Content-Type",
    422: "Well-formed, but wrong: `errors` tells where",
    429: "Come back after `Retry-After` seconds",
    500: "The model failed on a text, or a fault of the server",
    503: "Not now: starting, draining, or a model or the record of indexes is not to be had",
    504: "Not done within `X-Request-Timeout`, or REQUEST_TIMEOUT",
    507: "No room for more: disk, memory, or the index's quota",
}
_OF_WORK = (400, 401, 404, 408, 413, 415, 422, 429, 500, 503, 504)

READS = (401, 404, 422, 429, 500, 503)
"""What routes of indexes may answer otherwise that read no body and change nothing."""
REMOVALS = (401, 404, 409, 422, 429, 500, 503, 507)
"""The same, of those that remove."""
SEARCHES = (400, 401, 404, 408, 409, 413, 415, 422, 429, 500, 503, 504)
WRITES = (*SEARCHES, 507)


class _Shape(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class NativeErrorItem(_Shape):
    """One thing wrong with a request."""

    path: str
    """For example `texts[3]`."""
    message: str


class NativeError(_Shape):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """Stable; docs/errors.md lists them."""
    request_id: str
    errors: list[NativeErrorItem]


class OpenAIErrorDetail(_Shape):
    """What OpenAI's clients raise."""

    message: str
    type: str
    param: str | None
    code: str


class OpenAIError(_Shape):
    """OpenAI's envelope."""

    error: OpenAIErrorDetail


class TeiError(_Shape):
    """The shape of text-embeddings-inference."""

    error: str
    error_type: str


SHAPES: dict[Dialect, type[BaseModel]] = {
    Dialect.NATIVE: NativeError,
    Dialect.OPENAI: OpenAIError,
    Dialect.TEI: TeiError,
}


def problems_of(dialect: Dialect, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route: what it may answer otherwise; by default all that work routes may."""
    media_type = dialect.value.media_type.partition(";")[0]
    schema = {"$ref": f"#/components/schemas/{SHAPES[dialect].__name__}"}
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {media_type: {"schema": schema}},
        }
        for status in statuses or _OF_WORK
        if not (dialect is Dialect.OPENAI and status == 422)
    }
