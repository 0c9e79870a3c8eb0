"""Texts to vectors by another server, whose models are then those of this one."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from time import monotonic
from typing import Final
from urllib.parse import quote

import httpx
import structlog

from embedding_service.errors import (
    FingerprintMismatch,
    InvalidRequest,
    ModelUnavailable,
    ServiceError,
    Unavailable,
)
from embedding_service.inference.description import Health, ModelDescription, ServedModel
from embedding_service.inference.remote import wire
from embedding_service.inference.remote.refusals import Asked, read_problem
from embedding_service.inference.requests import (
    EmbeddingRequest,
    Embeddings,
    Timings,
    Token,
    TokenIds,
)
from embedding_service.inference.slices import cut, embed_in_slices
from embedding_service.secret import Secret, SecretUnreadable

_TRUSTED: Final = 30.0
"""Seconds in which a model is what it was; each answer tells whose vectors it has anyway."""
_GRACE: Final = 5.0
"""Seconds beyond a request's own time in which its refusal may still come."""
_CONNECT: Final = 5.0
_TRIES: Final = 2
"""A server that ends has its place taken by another one, to which the same address leads."""
_CONNECTIONS: Final = 64
"""That are kept."""

_log = structlog.stdlib.get_logger(__name__)


class RemoteEncoder:
    """An Encoder.

    Being without the other server is no reason not to start, nor to be restarted: what needs no
    text goes on without it.
    """

    def __init__(
        self,
        url: str,
        key: Secret,
        request_timeout: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Over a server's address.

        Args:
            url: Where the server is.
            key: That it knows.
            request_timeout: Seconds that a request may take that does not say itself.
            transport: How it is reached; None is TCP.
        """
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = request_timeout
        self._known: dict[str | None, tuple[float, ModelDescription]] = {}
        self._failure: str | None = None
        self._http = httpx.AsyncClient(
            base_url=self._url,
            transport=transport,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS),
            trust_env=False,
        )

    async def start(self) -> None:
        """Ask for the default model once; that nobody answers is no failure."""
        try:
            await self.describe()
        except ServiceError as error:
            _log.warning("texts cannot be embedded yet", url=self._url, reason=error.message)

    async def close(self) -> None:
        """Give up the connections."""
        await self._http.aclose()

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """As Embedder. Raises Unavailable as well: the other server does not answer."""
        began, seconds = monotonic(), request.timeout or self._timeout
        asked = Asked(seconds, request.model, request.fingerprint)
        body = wire.write_request(request, seconds)
        try:
            answer = await self._send("POST", wire.EMBED, asked, body)
            embeddings = _read(answer, len(request.inputs), monotonic() - began)
            _check(embeddings, asked)
        except FingerprintMismatch:
            self._known.clear()
            raise
        return embeddings

    async def stream(self, request: EmbeddingRequest) -> AsyncGenerator[Embeddings, None]:
        """As Embedder."""
        async with aclosing(embed_in_slices(cut(request), self.embed)) as parts:
            async for part in parts:
                yield part

    async def describe(self, model: str | None = None) -> ModelDescription:
        """As Embedder; what was told is believed for half a minute."""
        asked_at, known = self._known.get(model, (0.0, None))
        if known is not None and monotonic() - asked_at < _TRUSTED:
            return known
        path = f"{wire.MODELS}/{quote(model or wire.DEFAULT, safe='/')}"
        answer = await self._send("GET", path, Asked(self._timeout, model))
        try:
            description = wire.read_description(answer.content)
        except ValueError as error:
            raise ModelUnavailable(
                model or wire.DEFAULT, f"the server at ENCODER_URL is no gpu-embedding: {error}"
            ) from error
        self._known[model] = (monotonic(), description)
        return description

    async def tokenise(
        self,
        texts: Sequence[str],
        model: str | None = None,
        *,
        add_special_tokens: bool = True,
        prompt_name: str | None = None,
    ) -> list[list[Token]]:
        """Raises InvalidRequest: the other server has the tokenizer."""
        raise self._elsewhere()

    async def decode(
        self, ids: Sequence[TokenIds], model: str | None = None, *, skip_special_tokens: bool = True
    ) -> list[str]:
        """Raises InvalidRequest, as above."""
        raise self._elsewhere()

    def served(self) -> list[ServedModel]:
        """The models that were asked for so far, the default first."""
        found: dict[str, ServedModel] = {}
        for name in sorted(self._known, key=lambda name: name or ""):
            _, facts = self._known[name]
            one = ServedModel(
                name=facts.name,
                reference=facts.reference,
                is_default=name is None,
                state="loaded",
                description=facts,
                memory_bytes=None,
                failure=None,
            )
            found.setdefault(facts.name, one)
        return list(found.values())

    def health(self) -> Health:
        """Well, whatever becomes of the other server."""
        _, known = self._known.get(None, (0.0, None))
        return Health(
            is_started=True,
            is_serving=True,
            is_broken=False,
            default_model=known.name if known else "",
            description=known,
            has_gpu=False,
            detail=self._failure or "serving",
            fault=self._failure,
        )

    async def _send(
        self, method: str, path: str, asked: Asked, body: bytes | None = None
    ) -> httpx.Response:
        """The answer. Raises what stands for a refusal, and Unavailable where none comes."""
        request = self._http.build_request(
            method,
            path,
            content=body,
            headers=self._headers(),
            timeout=httpx.Timeout(asked.seconds + _GRACE, connect=_CONNECT),
        )
        refused: ServiceError | None = None
        for _ in range(_TRIES):
            try:
                answer = await self._http.send(request)
            except httpx.TransportError as error:
                refused = self._unreachable(error)
                if isinstance(error, httpx.TimeoutException):
                    break
                continue
            if answer.is_success:
                self._failure = None
                return answer
            problem = read_problem(answer)
            refused = problem.as_error(asked)
            if not problem.is_draining:
                break
        assert refused is not None  # noqa: S101  there was at least one try
        self._failure = refused.message if isinstance(refused, Unavailable) else None
        raise refused

    def _headers(self) -> dict[str, str]:
        try:
            key = self._key.read()  # a look at the file's date, no more
        except SecretUnreadable as error:
            raise ModelUnavailable(wire.DEFAULT, str(error)) from error
        authorization = {"Authorization": f"Bearer {key}"} if key else {}
        return {"Content-Type": "application/json", **authorization}

    def _unreachable(self, error: httpx.TransportError) -> Unavailable:
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        return Unavailable(
            f"no answer from the server that makes vectors, {self._url} ({reason}); what needs no "
            "text goes on without it",
            _CONNECT,
        )

    def _elsewhere(self) -> InvalidRequest:
        return InvalidRequest(f"this server has no tokenizer; the one at {self._url} has")


def _check(embeddings: Embeddings, asked: Asked) -> None:
    """Raise FingerprintMismatch for vectors of another model, which was loaded meanwhile."""
    if asked.fingerprint not in {None, embeddings.fingerprint}:
        raise FingerprintMismatch(embeddings.model, str(asked.fingerprint), embeddings.fingerprint)


def _read(answer: httpx.Response, rows: int, seconds: float) -> Embeddings:
    headers = answer.headers
    try:
        dimension = int(headers[wire.DIMENSION])
        matrix, counts, truncated = wire.unpack(answer.content, rows, dimension)
        model, fingerprint = headers[wire.MODEL], headers[wire.FINGERPRINT]
    except (KeyError, ValueError) as error:
        raise Unavailable(f"the server at ENCODER_URL gives no vectors: {error}") from error
    warnings = headers.get(wire.WARNING, "")
    return Embeddings(
        matrix=matrix,
        model=model,
        fingerprint=fingerprint,
        token_counts=counts,
        truncated=truncated,
        warnings=tuple(filter(None, warnings.split(", "))),
        timings=Timings(0.0, 0.0, seconds),
    )
