"""Embeds on a running server, over its batch route."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import numpy as np
import orjson
import pybase64

from embedding_service.cli.bulk.encoders import Identity, Options, Vectors
from embedding_service.cli.bulk.patience import Busy, Patience
from embedding_service.cli.complaints import Complaint
from embedding_service.vectors import Matrix

_ROUTE = "/api/v1/embeddings/batch"
_FINGERPRINT = "X-Embedding-Fingerprint"
_PROBE = "a"
"""Embedded first, so that the server loads the model and says which one it is."""
_TOO_MUCH_AT_ONCE = frozenset({413, 504})
_LATER = frozenset({408, 429, 502, 503})


class _TooMuch(Exception):
    """The same texts might do in two requests."""


class RemoteEncoder:
    """A model on a server."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        options: Options,
        *,
        model: str | None = None,
        batch_size: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._http = http
        self._patience = patience or Patience()
        self._fingerprint: str | None = None
        self._body: dict[str, Any] = {
            "model_name": model,
            "batch_size": batch_size,
            "normalize": options.normalise,
            "input_type": options.input_type,
            "dimensions": options.dimensions,
            "truncate": options.truncate,
            "encoding_format": "base64",
        }

    async def identify(self) -> Identity:
        """As Encoder."""
        try:
            answer = await self._patience.insist(lambda: self._ask([_PROBE]))
        except (httpx.TransportError, _TooMuch) as error:
            raise Complaint(
                f"{self._http.base_url}: no server answers there "
                f"({type(error).__name__}: {error}). "
                "Start one with `gpu-embedding serve`, or correct --url"
            ) from error
        self._fingerprint = answer.headers.get(_FINGERPRINT)
        if self._fingerprint is None:
            raise Complaint(f"{self._http.base_url}: that server is no gpu-embedding")
        return Identity(str(orjson.loads(answer.content)["model"]), self._fingerprint)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """As Encoder. What is too much for one request is sent in two."""
        try:
            answer = await self._patience.insist(lambda: self._ask_again(texts))
        except _TooMuch as error:
            if len(texts) == 1:
                raise Complaint(str(error)) from None
            middle = len(texts) // 2
            head, tail = await self.embed(texts[:middle]), await self.embed(texts[middle:])
            return Vectors(
                np.concatenate([head.matrix, tail.matrix]),
                head.truncated + [middle + position for position in tail.truncated],
            )
        if (now := answer.headers.get(_FINGERPRINT)) != self._fingerprint:
            raise Complaint(
                f"{self._http.base_url}: the server's model has changed on the way: "
                f"its fingerprint was {self._fingerprint} and is {now}. Begin afresh with --restart"
            )
        content = orjson.loads(answer.content)
        return Vectors(_decode(content["embeddings"]), list(content["truncated"]))

    async def _ask_again(self, texts: Sequence[str]) -> httpx.Response:
        try:
            return await self._ask(texts)
        except httpx.ReadTimeout as error:
            raise _TooMuch(f"{self._http.base_url}: no answer in time") from error
        except httpx.TransportError as error:  # it may be restarting
            kind = type(error).__name__
            raise Busy(f"{self._http.base_url}: cannot be reached ({kind}: {error})") from error

    async def _ask(self, texts: Sequence[str]) -> httpx.Response:
        answer = await self._http.post(
            _ROUTE,
            content=orjson.dumps(self._body | {"texts": list(texts)}),
            headers={"Content-Type": "application/json"},
        )
        if answer.is_success:
            return answer
        code, detail = _problem_of(answer)
        message = f"{self._http.base_url}: {detail}"
        if answer.status_code in _TOO_MUCH_AT_ONCE:
            raise _TooMuch(message)
        # A model that cannot be loaded will not load by itself.
        if answer.status_code in _LATER and code != "model_unavailable":
            raise Busy(message, _retry_after(answer.headers.get("Retry-After")))
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            message += "; set GPU_EMBEDDING_API_KEY to a key that this server knows"
        raise Complaint(message)


def open_client(url: str, api_key: str | None, timeout: float) -> httpx.AsyncClient:
    """Connections to the server at `url`."""
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    return httpx.AsyncClient(
        base_url=url.rstrip("/"), headers=headers, timeout=httpx.Timeout(timeout, connect=10.0)
    )


def _problem_of(answer: httpx.Response) -> tuple[str | None, str]:
    """The problem's code and detail; whoever answers otherwise is told by status."""
    try:
        problem = orjson.loads(answer.content)
        return problem.get("code"), f"{problem['detail']} (status {answer.status_code})"
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, f"answered with status {answer.status_code}"


def _retry_after(value: str | None) -> float | None:
    """Seconds until then; the header gives seconds or a date (RFC 9110, section 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": UTC, from a clock of unknown zone
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _decode(embeddings: list[str]) -> Matrix:
    """Base64 of little-endian float32, one string a text."""
    rows = [np.frombuffer(pybase64.b64decode(text), "<f4") for text in embeddings]
    return np.stack(rows).astype(np.float32, copy=False)
