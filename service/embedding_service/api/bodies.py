"""From a request's bytes to a checked value, never holding more than MAX_BODY_SIZE of them."""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import Headers
from starlette.requests import Request

from embedding_service.api.body_faults import Takes, explain
from embedding_service.api.refusals import StalledBody, UnsupportedContent
from embedding_service.api.rooms import rooms_of
from embedding_service.errors import TooLarge
from embedding_service.settings import Limits


class Payload(BaseModel):
    """Base of every request body."""

    model_config = ConfigDict(
        strict=True, frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    takes: ClassVar[Mapping[str, Takes]] = {}
    """Fields that take texts or token ids, one or several."""


P = TypeVar("P", bound=Payload)


async def read_payload(request: Request, kind: type[P], limits: Limits) -> P:
    """Read and check the body.

    Raises:
        UnsupportedContent: it is not declared as JSON.
        StalledBody: nothing more of it comes.
        TooLarge: it is larger than `limits.max_body_size`, as declared or as it comes.
        MalformedBody: it is not JSON.
        InvalidRequest: it is not a `kind`, or has a text that is no text.
    """
    return parse_payload(await read_body(request, limits), kind)


async def read_body(request: Request, limits: Limits) -> bytearray:
    """The body as it came. Raises UnsupportedContent, StalledBody, TooLarge."""
    _check_content(request.headers)
    return await _read(request, limits.max_body_size)


def parse_payload(body: bytearray, kind: type[P]) -> P:
    """Check a body that was read. Raises MalformedBody, InvalidRequest."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise explain(error, body, kind.takes) from None  # which would quote the body


def request_body(*kinds: type[Payload]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads one of `kinds`; document.py adds the schemas."""
    schemas = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in kinds]
    schema: dict[str, Any] = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _check_content(headers: Headers) -> None:
    media_type, _, parameters = headers.get("content-type", "").lower().partition(";")
    media_type = media_type.strip()
    is_json = media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if not is_json:
        raise UnsupportedContent("send JSON, and say so: `Content-Type: application/json`")
    charset = parameters.partition("charset=")[2].partition(";")[0].strip().strip('"')
    if charset not in {"", "utf-8", "utf8", "us-ascii"}:
        raise UnsupportedContent("send JSON in UTF-8, which is the only encoding it has (RFC 8259)")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedContent("send the body uncompressed, without Content-Encoding")


async def _read(request: Request, limit: int) -> bytearray:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > limit):
        raise _too_large(limit)
    body = bytearray()
    patience = rooms_of(request).body_patience
    clock = asyncio.get_running_loop().time
    scope = asyncio.timeout(patience)
    try:
        async with scope:
            async for part in request.stream():
                if len(body) + len(part) > limit:
                    raise _too_large(limit)
                body += part
                scope.reschedule(clock() + patience)
    except TimeoutError:
        raise StalledBody(patience) from None
    return body


def _too_large(limit: int) -> TooLarge:
    return TooLarge("the request's body is too large", limit, "bytes", "MAX_BODY_SIZE")
