"""/api/v1/indexes/{name}/documents, and POST /api/v1/index/add."""

import re
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import parse_payload, read_body, request_body
from embedding_service.api.dialects import Dialect
from embedding_service.api.headers import IDEMPOTENCY_REPLAYED
from embedding_service.api.native.indexes.additions import build_answer, draft_of
from embedding_service.api.native.indexes.answers import (
    AddAnswer,
    AddToDefaultAnswer,
    DocumentAnswer,
    DocumentsAnswer,
    RemovalAnswer,
)
from embedding_service.api.native.indexes.parameters import (
    CURSOR,
    DOCUMENT,
    INCLUDE,
    INDEX,
    KEY,
    LIMIT,
    cursor_of,
    document_of,
    fault_of_id,
    index_of,
    key_of,
    limit_of,
    query_of,
    wants_vectors,
)
from embedding_service.api.native.indexes.payloads import AddRequest, RemoveRequest, TextsToAdd
from embedding_service.api.native.indexes.sending import join, respond
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import READS, REMOVALS, WRITES, problems_of
from embedding_service.api.rooms import retrieval_of, rooms_of
from embedding_service.api.terms import TERMS, terms_of
from embedding_service.errors import InvalidRequest, Issue, TooLarge
from embedding_service.indexes.errors import NotFound
from embedding_service.inference.texts import MOST_ISSUES
from embedding_service.retrieval.requests import DEFAULT_INDEX, Addition, StoredDocument
from embedding_service.settings import Limits

router = APIRouter(prefix="/api/v1", tags=["indexes"])

_DOCUMENTS = "/indexes/{name}/documents"
_DOCUMENT = "/indexes/{name}/documents/{id:document_id}"
_IS_LIST = re.compile(rb"[ \t\r\n]*\[")


@router.post(
    "/index/add",
    summary="Add to the default index",
    openapi_extra={**request_body(TextsToAdd, AddRequest), **parameters(KEY, *TERMS)},
    responses={200: {"model": AddToDefaultAnswer}, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def add_to_default(request: Request) -> Response:
    """A bare list of texts, or documents as an index of one's own takes them.

    The index is named `default`, and made of the default model when something is first added.
    """
    return await _add(request, DEFAULT_INDEX, {"index": DEFAULT_INDEX})


@router.post(
    _DOCUMENTS,
    summary="Add or replace documents",
    openapi_extra={**request_body(AddRequest), **parameters(INDEX, KEY, *TERMS)},
    responses={200: {"model": AddAnswer}, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def add_documents(request: Request) -> Response:
    """Durable and found by searches when the answer comes."""
    return await _add(request, index_of(request), {})


@router.get(
    _DOCUMENTS,
    summary="Page through the documents",
    openapi_extra=parameters(INDEX, CURSOR, LIMIT, INCLUDE),
    responses={200: {"model": DocumentsAnswer}, **problems_of(Dialect.NATIVE, *READS)},
)
async def page_documents(request: Request) -> Response:
    """All of them, oldest first, `limit` at a time."""
    retrieval = retrieval_of(request)
    query = query_of(request, CURSOR, LIMIT, INCLUDE)
    has_vectors = wants_vectors(query)
    page = await retrieval.page(index_of(request), cursor_of(query), limit_of(query))
    documents = (_write(document, has_vectors=has_vectors) for document in page.documents)
    tail = b"]," + orjson.dumps({"cursor": page.cursor})[1:]
    return respond(join(b'{"documents":[', documents, tail))


@router.post(
    f"{_DOCUMENTS}/delete",
    summary="Remove documents",
    openapi_extra={**request_body(RemoveRequest), **parameters(INDEX, KEY)},
    responses={200: {"model": RemovalAnswer}, **problems_of(Dialect.NATIVE, *WRITES)},
)
async def remove_documents(request: Request) -> Response:
    """By their ids, or all that a filter finds; ids that are not there are passed over."""
    retrieval = retrieval_of(request)
    query_of(request)
    name, limits = index_of(request), rooms_of(request).settings
    body = await read_body(request, limits)
    payload = parse_payload(body, RemoveRequest)
    key = key_of(request, body)
    if (payload.ids is None) == (payload.filter is None):
        message = "give either `ids` or `filter`"
        raise InvalidRequest(message, [Issue(message, path="body")])
    if payload.ids is not None:
        removal = await retrieval.remove(name, _checked_ids(payload.ids, limits), key)
    else:
        removal = await retrieval.remove_where(name, payload.filter or {}, key)
    facts = {"ids": removal.ids, "count": len(removal.ids), "version": removal.version}
    return Response(orjson.dumps(facts), media_type="application/json")


@router.get(
    _DOCUMENT,
    summary="One document",
    openapi_extra=parameters(INDEX, DOCUMENT, INCLUDE),
    responses={200: {"model": DocumentAnswer}, **problems_of(Dialect.NATIVE, *READS)},
)
async def read_document(request: Request) -> Response:
    """As it is kept."""
    retrieval = retrieval_of(request)
    has_vector = wants_vectors(query_of(request, INCLUDE))
    document = await retrieval.read(index_of(request), document_of(request))
    return Response(_write(document, has_vectors=has_vector), media_type="application/json")


@router.delete(
    _DOCUMENT,
    summary="Remove one document",
    status_code=204,
    openapi_extra=parameters(INDEX, DOCUMENT),
    responses=problems_of(Dialect.NATIVE, *REMOVALS),
)
async def remove_document(request: Request) -> Response:
    """404 where there is none."""
    retrieval = retrieval_of(request)
    query_of(request)
    document = document_of(request)
    removal = await retrieval.remove(index_of(request), [document])
    if not removal.ids:
        raise NotFound("document", document)
    return Response(status_code=204)


async def _add(request: Request, name: str, told: dict[str, Any]) -> Response:
    retrieval = retrieval_of(request)
    query_of(request)
    settings = rooms_of(request).settings
    terms = terms_of(request, settings)
    body = await read_body(request, settings)
    is_list = name == DEFAULT_INDEX and _IS_LIST.match(body) is not None
    payload = parse_payload(body, TextsToAdd) if is_list else parse_payload(body, AddRequest)
    draft = draft_of(payload, settings)
    key = key_of(request, body)
    added = await retrieval.add(
        name, Addition(documents=draft.documents, is_atomic=draft.is_atomic, key=key, terms=terms)
    )
    headers = {IDEMPOTENCY_REPLAYED: "true"} if added.is_repeated else None
    answer = orjson.dumps({**told, **build_answer(added, draft)})
    return Response(answer, headers=headers, media_type="application/json")


def _checked_ids(ids: list[str], limits: Limits) -> list[str]:
    if len(ids) > limits.max_texts:
        raise TooLarge(f"{len(ids):,} ids in one request", limits.max_texts, "ids", "MAX_TEXTS")
    faults = ((position, fault_of_id(one)) for position, one in enumerate(ids))
    issues = [Issue(fault, position, "ids") for position, fault in faults if fault]
    if issues:
        raise InvalidRequest(f"ids[{issues[0].position}] {issues[0].message}", issues[:MOST_ISSUES])
    return ids


def _write(document: StoredDocument, *, has_vectors: bool) -> bytes:
    fields: dict[str, object] = {
        "id": document.id,
        "text": document.text,
        "metadata": None if document.metadata is None else orjson.Fragment(document.metadata),
        "version": document.version,
    }
    if has_vectors:
        fields["vector"] = document.vector
    return orjson.dumps(fields, option=orjson.OPT_SERIALIZE_NUMPY)
