"""POST /api/v1/indexes/{name}/search and /api/v1/similarity/search."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from embedding_service.api.bodies import read_payload, request_body
from embedding_service.api.dialects import Dialect
from embedding_service.api.inputs import checked_texts
from embedding_service.api.native.indexes.answers import QueriesAnswer, QueryAnswer
from embedding_service.api.native.indexes.parameters import (
    INDEX,
    index_of,
    query_of,
)
from embedding_service.api.native.indexes.payloads import SearchRequest
from embedding_service.api.native.indexes.sending import join, respond
from embedding_service.api.native.indexes.vectors import stack
from embedding_service.api.parameters import parameters
from embedding_service.api.responses import SEARCHES, problems_of
from embedding_service.api.rooms import retrieval_of, rooms_of
from embedding_service.api.terms import TERMS, terms_of
from embedding_service.errors import InvalidRequest, Issue, TooLarge
from embedding_service.inference.requests import Terms
from embedding_service.retrieval.requests import DEFAULT_INDEX, Answer, Hit, Include, Search
from embedding_service.settings import Settings
from embedding_service.vectors import Matrix

router = APIRouter(prefix="/api/v1", tags=["indexes"])

_FIELDS = ("query_text", "query_texts", "vector", "vectors")
_OF_A_QUERY = re.compile(r"(?:texts?|vectors?)?(?:\[(\d+)\])?")
"""Paths that the rooms below have for queries, which they know by position alone."""


@dataclass(frozen=True, slots=True)
class _Queries:
    """The queries of one search, and the field they came in."""

    field: str
    texts: Sequence[str] = ()
    matrix: Matrix | None = None

    @property
    def is_single(self) -> bool:
        return self.field in {"query_text", "vector"}


@router.post(
    "/similarity/search",
    summary="Search the default index",
    openapi_extra={**request_body(SearchRequest), **parameters(*TERMS)},
    responses={
        200: {"model": QueryAnswer | QueriesAnswer},
        **problems_of(Dialect.NATIVE, *SEARCHES),
    },
)
async def search_default(request: Request) -> Response:
    """Where nothing was added yet, nothing is found."""
    return await _search(request, DEFAULT_INDEX)


@router.post(
    "/indexes/{name}/search",
    summary="Search an index",
    openapi_extra={**request_body(SearchRequest), **parameters(INDEX, *TERMS)},
    responses={
        200: {"model": QueryAnswer | QueriesAnswer},
        **problems_of(Dialect.NATIVE, *SEARCHES),
    },
)
async def search_index(request: Request) -> Response:
    """The nearest documents, best first.

    One query (`query_text`, `vector`) is answered with its results, several (`query_texts`,
    `vectors`) with a list of such answers.
    """
    return await _search(request, index_of(request))


async def _search(request: Request, name: str) -> Response:
    retrieval = retrieval_of(request)
    query_of(request)
    settings = rooms_of(request).settings
    terms = terms_of(request, settings)
    payload = await read_payload(request, SearchRequest, settings)
    queries = _queries_of(payload, settings)
    search = _build_search(payload, queries, terms, settings)
    try:
        answers = await retrieval.search(name, search)
    except InvalidRequest as error:
        error.issues = tuple(_place(issue, queries) for issue in error.issues)
        raise
    if queries.is_single:
        return respond(_write_answer(answers[0], search.include))
    return respond(_write_several(answers, search.include))


def _queries_of(payload: SearchRequest, settings: Settings) -> _Queries:
    """The queries, fit to search for. Raises InvalidRequest, TooLarge."""
    given = [field for field in _FIELDS if getattr(payload, field) is not None]
    if len(given) != 1:
        message = f"give one of {', '.join(_FIELDS)}, and no second"
        raise InvalidRequest(message, [Issue(message, path="body")])
    several = payload.query_texts or payload.vectors or ()
    if len(several) > settings.max_queries:
        raise TooLarge(
            f"{len(several):,} queries in one search",
            settings.max_queries,
            "queries",
            "MAX_QUERIES",
        )
    if payload.vector is not None:
        return _Queries("vector", matrix=payload.vector[np.newaxis])
    if payload.vectors is not None:
        return _Queries("vectors", matrix=stack(payload.vectors))
    texts = payload.query_texts or [payload.query_text or ""]
    queries = _Queries(given[0], texts=texts)
    try:
        checked_texts(texts, settings)
    except InvalidRequest as error:
        error.issues = tuple(_place(issue, queries) for issue in error.issues)
        raise
    return queries


def _build_search(
    payload: SearchRequest, queries: _Queries, terms: Terms, settings: Settings
) -> Search:
    if payload.top_k > settings.max_top_k:
        message = f"is more than {settings.max_top_k:,}; ask for less, or raise MAX_TOP_K"
        raise InvalidRequest(f"top_k {message}", [Issue(message, path="top_k")])
    if payload.cursor is not None and not queries.is_single:
        message = "goes with one query: query_text or vector"
        raise InvalidRequest(f"cursor {message}", [Issue(message, path="cursor")])
    return Search(
        texts=queries.texts,
        matrix=queries.matrix,
        top_k=payload.top_k,
        threshold=payload.threshold,
        filter=payload.filter,
        is_exact=payload.exact,
        min_version=payload.min_version,
        cursor=payload.cursor,
        include=frozenset(payload.include),
        terms=terms,
    )


def _place(issue: Issue, queries: _Queries) -> Issue:
    """`issue` by the field that the query came in."""
    told = _OF_A_QUERY.fullmatch(issue.path or "")
    if told is None:
        return issue
    position = issue.position if told[1] is None else int(told[1])
    return replace(issue, path=queries.field, position=None if queries.is_single else position)


def _write_several(answers: Sequence[Answer], include: frozenset[Include]) -> Iterator[bytes]:
    yield b'{"searches":['
    for position, answer in enumerate(answers):
        if position:
            yield b","
        yield from _write_answer(answer, include)
    yield b"]}"


def _write_answer(answer: Answer, include: frozenset[Include]) -> Iterator[bytes]:
    facts: dict[str, object] = {
        "count": len(answer.hits),
        "exact": answer.is_exact,
        "version": answer.version,
        "scanned": answer.scanned,
        "cursor": answer.cursor,
    }
    if answer.silence is not None:
        facts["stale_seconds"] = round(answer.silence, 3)
    hits = (_write_hit(hit, include) for hit in answer.hits)
    return join(b'{"results":[', hits, b"]," + orjson.dumps(facts)[1:])


def _write_hit(hit: Hit, include: frozenset[Include]) -> bytes:
    # As float32 a score is written with the fewest digits that tell it from its neighbours.
    fields: dict[str, object] = {"id": hit.id, "score": np.float32(hit.score)}
    if "text" in include:
        fields["text"] = hit.text
    if "metadata" in include:
        fields["metadata"] = None if hit.metadata is None else orjson.Fragment(hit.metadata)
    if "vector" in include:
        fields["vector"] = hit.vector
    return orjson.dumps(fields, option=orjson.OPT_SERIALIZE_NUMPY)
