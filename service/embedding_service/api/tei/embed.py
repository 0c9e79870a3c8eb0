"""POST /embed, POST / and POST /similarity."""

from typing import NoReturn

import numpy as np
import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload, request_body
from embedding_service.api.dialects import Dialect
from embedding_service.api.embedding import timed_headers_of
from embedding_service.api.encoding import Envelope, respond
from embedding_service.api.exchange import exchange_of
from embedding_service.api.inputs import checked_inputs, checked_texts, size_of
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import problems_of
from embedding_service.api.rooms import rooms_of
from embedding_service.api.tei.payloads import (
    EmbedAnswer,
    EmbedRequest,
    SimilarityAnswer,
    SimilarityParameters,
    SimilarityRequest,
    side_of,
)
from embedding_service.api.terms import TERMS, terms_of
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.inference.requests import EmbeddingRequest

router = APIRouter(tags=["text-embeddings-inference"], responses=problems_of(Dialect.TEI))

_ENVELOPE = Envelope(b"[", lambda _seconds: b"]")


@router.post(
    "/embed",
    summary="Embed texts",
    openapi_extra={**request_body(EmbedRequest), **parameters(*TERMS)},
    responses={200: {"model": EmbedAnswer}},
)
@router.post(
    "/",
    summary="Embed texts (the same as /embed)",
    operation_id="embed_at_root",
    openapi_extra={**request_body(EmbedRequest), **parameters(*TERMS)},
    responses={200: {"model": EmbedAnswer}},
)
async def embed(request: Request) -> Response:
    """One vector a text; where the time went stands in the headers `X-…-Time`, in milliseconds."""
    rooms = rooms_of(request)
    terms = terms_of(request, rooms.settings)
    payload = await read_payload(request, EmbedRequest, rooms.settings)
    inputs = checked_inputs(payload.inputs, rooms.settings)
    result = await rooms.embedder.embed(
        EmbeddingRequest(
            inputs=inputs,
            normalise=payload.normalize,
            prompt_name=payload.prompt_name,
            dimensions=payload.dimensions,
            truncate=payload.truncate is not False,
            truncation_side=side_of(payload.truncation_direction),
            traffic=terms.class_of(inputs),
            caller=terms.caller,
            timeout=terms.timeout,
        )
    )
    seconds = exchange_of(request.scope).seconds
    headers = timed_headers_of(result, size_of(inputs), seconds)
    return await respond(result.matrix, "float", _ENVELOPE, headers, rooms.metrics)


@router.post(
    "/similarity",
    summary="Compare sentences",
    openapi_extra={**request_body(SimilarityRequest), **parameters(*TERMS)},
    responses={200: {"model": SimilarityAnswer}},
)
async def similarity(request: Request) -> Response:
    """The cosine of the source sentence and each other sentence."""
    rooms = rooms_of(request)
    terms = terms_of(request, rooms.settings)
    payload = await read_payload(request, SimilarityRequest, rooms.settings)
    sentences = payload.inputs.sentences
    parameters = payload.parameters or SimilarityParameters()
    if not sentences:
        raise InvalidRequest(
            "no sentences given", [Issue("give at least one", path="inputs.sentences")]
        )
    try:
        texts = checked_texts([payload.inputs.source_sentence, *sentences], rooms.settings)
        result = await rooms.embedder.embed(
            EmbeddingRequest(
                inputs=texts,
                prompt_name=parameters.prompt_name,
                truncate=parameters.truncate is not False,
                truncation_side=side_of(parameters.truncation_direction),
                traffic=terms.class_of(texts),
                caller=terms.caller,
                timeout=terms.timeout,
            )
        )
    except InvalidRequest as error:
        _relocate(error)
    cosines = result.matrix[1:] @ result.matrix[0]
    seconds = exchange_of(request.scope).seconds
    headers = timed_headers_of(result, size_of(texts), seconds)
    body = orjson.dumps(cosines.astype(np.float32), option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, headers=headers, media_type="application/json")


def _relocate(error: InvalidRequest) -> NoReturn:
    """Tell positions in the list we made as places in the body we got."""
    error.issues = tuple(_place(issue) for issue in error.issues)
    raise error


def _place(issue: Issue) -> Issue:
    if issue.position is None:
        return issue
    if issue.position == 0:
        return Issue(issue.message, path="inputs.source_sentence")
    return Issue(issue.message, issue.position - 1, "inputs.sentences")
