"""The indexes of a service, wherever it runs: over its REST API.

Between a server and the service opened in this process lies only what carries the requests, so
both check, refuse and answer in the same words.
"""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, TypedDict, cast
from urllib.parse import quote

import httpx
import orjson

from embedding_service.cli.bulk.patience import Busy, Patience
from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.answers import (
    Found,
    IndexFacts,
    JobFacts,
    Page,
    Refused,
    SnapshotFacts,
    StoredDocument,
    TooMuch,
    Written,
    read_object,
    read_problem,
)
from embedding_service.indexes.definition import check_name
from embedding_service.indexes.parameters import tell
from embedding_service.indexes.tuning import Tuning
from embedding_service.retrieval.requests import NewIndex

_INDEXES = "/api/v1/indexes"
_ALIASES = "/api/v1/aliases"
_PAGE = 250
"""Documents; with vectors of 4,096 dimensions some 20 MB of JSON."""
_TOO_MUCH_AT_ONCE: Final = frozenset({413, 504})
_LATER: Final = frozenset({408, 429, 502, 503})
_NEVER: Final = frozenset({"index_damaged", "model_unavailable", "snapshot_damaged"})
"""Codes of what coming back does not help."""


class SearchRequest(TypedDict, total=False):
    """A search, as the API takes it."""

    query_texts: list[str]
    top_k: int
    threshold: float | None
    filter: Mapping[str, Any] | None
    exact: bool


class Indexes:
    """Indexes by name or alias.

    Every call raises Complaint: Refused for what was asked wrongly, TooMuch for what was too large,
    and InvalidRequest for what is no name.
    """

    def __init__(
        self, http: httpx.AsyncClient, address: str | None, patience: Patience | None = None
    ) -> None:
        """`address` is named in complaints; None is this process."""
        self._http = http
        self._address = address
        self._patience = patience or Patience()
        self._has_answered = False

    async def all(self) -> list[IndexFacts]:
        """Every index, by name."""
        answer = await self._ask("GET", _INDEXES)
        return cast("list[IndexFacts]", answer["indexes"])

    async def describe(self, name: str) -> IndexFacts:
        """One index."""
        return cast("IndexFacts", await self._ask("GET", _path(name)))

    async def create(self, new: NewIndex) -> IndexFacts:
        """Make an index."""
        body: dict[str, Any] = {
            "name": new.name,
            "dimension": new.dimension,
            "metric": new.metric,
            "engine": new.engine,
            "fields": dict(new.fields),
        }
        if new.tuning != Tuning():  # which earlier servers know alone
            body["engine_parameters"] = tell(new.engine, new.tuning)
        if new.model is not None or not new.has_model:
            body["model"] = new.model
        return cast("IndexFacts", await self._ask("POST", _INDEXES, body=encode(body)))

    async def drop(self, name: str) -> None:
        """Remove an index with all it holds."""
        await self._ask("DELETE", _path(name), parameters={"confirm": name})

    async def add(self, name: str, documents: Sequence[bytes], key: str | None = None) -> Written:
        """Add or replace documents, each a JSON object, all or none.

        With one `key` the same documents are added once, however often they are sent.
        """
        body = b'{"documents":[' + b",".join(documents) + b"]}"
        return await self._write(f"{_path(name)}/documents", body, key)

    async def remove(self, name: str, ids: Sequence[str]) -> Written:
        """Remove documents by id; those that are not there are passed over."""
        body = encode({"ids": list(ids)})
        return await self._write(f"{_path(name)}/documents/delete", body)

    async def remove_where(self, name: str, condition: Mapping[str, Any]) -> Written:
        """Remove all documents that a filter finds."""
        body = encode({"filter": dict(condition)})
        return await self._write(f"{_path(name)}/documents/delete", body)

    async def search(self, name: str, request: SearchRequest) -> list[Found]:
        """The nearest documents of each query."""
        answer = await self._ask("POST", f"{_path(name)}/search", body=encode(request))
        return cast("list[Found]", answer["searches"])

    async def pages(self, name: str) -> AsyncIterator[list[StoredDocument]]:
        """All documents with their vectors, oldest first, some at a time."""
        path = f"{_path(name)}/documents"
        parameters = {"limit": str(_PAGE), "include": "vector"}
        while True:
            page = cast("Page", await self._ask("GET", path, parameters=parameters))
            yield page["documents"]
            if page["cursor"] is None:
                return
            parameters["cursor"] = page["cursor"]

    async def begin(self, name: str, verb: str, body: Mapping[str, object]) -> JobFacts:
        """Start long work: `snapshots`, `restore`, `reload` or `check`."""
        sent = encode(body) if body else None
        return cast("JobFacts", await self._ask("POST", f"{_path(name)}/{verb}", body=sent))

    async def job(self, begun: JobFacts) -> JobFacts:
        """How it goes now."""
        path = f"{_path(begun['index'])}/jobs/{begun['id']}"
        return cast("JobFacts", await self._ask("GET", path))

    async def snapshots(self, name: str) -> list[SnapshotFacts]:
        """The snapshots of an index, newest first."""
        answer = await self._ask("GET", f"{_path(name)}/snapshots")
        return cast("list[SnapshotFacts]", answer["snapshots"])

    async def verify(self, name: str, id: str) -> list[str]:  # noqa: A002
        """Have every file of a snapshot read; what is wrong."""
        path = f"{_path(name)}/snapshots/{quote(id, safe='')}"
        answer = await self._ask("GET", path, parameters={"verify": "true"})
        return cast("list[str]", answer["problems"])

    async def aliases(self) -> dict[str, str]:
        """Alias to name of its index."""
        answer = await self._ask("GET", _ALIASES)
        return cast("dict[str, str]", answer["aliases"])

    async def point(self, alias: str, name: str) -> None:
        """Let `alias` mean index `name`, in one step."""
        path = f"{_ALIASES}/{check_name(alias, 'alias')}"
        await self._ask("PUT", path, body=encode({"index": check_name(name)}))

    async def unpoint(self, alias: str) -> None:
        """Take an alias away."""
        await self._ask("DELETE", f"{_ALIASES}/{check_name(alias, 'alias')}")

    async def _write(self, path: str, body: bytes, key: str | None = None) -> Written:
        # A key even where the caller has none: an answer may be lost, and the write asked again.
        key = key or uuid.uuid4().hex
        return cast("Written", await self._ask("POST", path, body=body, key=key))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        key: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        request = self._http.build_request(
            method, path, content=body, headers=headers, params=parameters
        )
        return read_object(await self._patience.insist(lambda: self._send(request)))

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = await self._http.send(request)
        except httpx.ReadTimeout as error:
            raise TooMuch(self._word("no answer in time")) from error
        except httpx.TransportError as error:
            told = f"{type(error).__name__}: {error}"
            if self._has_answered:  # it may be restarting
                raise Busy(self._word(f"cannot be reached ({told})")) from error
            raise Complaint(
                self._word(
                    f"no server answers there ({told}). "
                    "Start one with `gpu-embedding serve`, or correct --url"
                )
            ) from error
        self._has_answered = True
        if not answer.is_success:
            raise self._fault_of(answer)
        return answer

    def _fault_of(self, answer: httpx.Response) -> Exception:
        problem = read_problem(answer)
        message = self._word(str(problem))
        if answer.status_code in _TOO_MUCH_AT_ONCE:
            return TooMuch(message, problem.code, problem.issues)
        if answer.status_code in _LATER and problem.code not in _NEVER:
            return Busy(message, _retry_after(answer))
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            message += "; set GPU_EMBEDDING_API_KEY to a key that this server knows"
        return Refused(message, problem.code, problem.issues)

    def _word(self, message: str) -> str:
        return message if self._address is None else f"{self._address}: {message}"


def encode(value: object) -> bytes:
    """`value` as JSON. Raises Complaint for what the shell passed on and is no text."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise Complaint(f"cannot be said in JSON: {error}") from None


def _path(name: str) -> str:
    return f"{_INDEXES}/{check_name(name)}"


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds until then; a date, which only a proxy would send, counts as nothing said."""
    told = answer.headers.get("Retry-After", "").strip()
    return float(told) if told.isdecimal() and told.isascii() else None
