"""Pods, as the operator asks them on port 8002 (docs/operator-port.md)."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import aiohttp
from pydantic import ValidationError

from embedding_operator.children.environment import ADMIN_PORT
from embedding_operator.errors import PodFailure
from embedding_operator.reports import Report
from embedding_operator.tokens import Signer

_SECONDS: Final = 5.0
"""For a whole answer."""
_CONNECTING: Final = 2.0
_LARGEST: Final = 1024 * 1024
"""Bytes of an answer that are read."""


class Pods(Protocol):
    """Any call may raise PodFailure."""

    async def report(self, address: str, audience: str) -> Report:
        """What a pod says of itself."""

    async def call(
        self,
        address: str,
        audience: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Mapping[str, Any]:
        """Any other route; `body` is sent as JSON, `key` makes it idempotent."""


class HttpPods:
    """Real ones. Bound to one event loop."""

    def __init__(
        self, signer: Callable[[], Signer], port: int = ADMIN_PORT, seconds: float = _SECONDS
    ) -> None:
        """`seconds` bounds one call."""
        self._signer = signer
        self._port = port
        connector = aiohttp.TCPConnector(limit=64, limit_per_host=2, keepalive_timeout=15)
        timeout = aiohttp.ClientTimeout(total=seconds, connect=_CONNECTING)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()

    async def report(self, address: str, audience: str) -> Report:
        """See Pods."""
        answer = await self.call(address, audience, "GET", "/status")
        try:
            return Report.model_validate(answer)
        except ValidationError as error:
            raise PodFailure(f"{address} reports something else than its state: {error}") from None

    async def call(
        self,
        address: str,
        audience: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Mapping[str, Any]:
        """See Pods."""
        host = f"[{address}]" if ":" in address else address
        headers = {"Authorization": f"Bearer {self._signer().sign(audience)}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        url = f"http://{host}:{self._port}{path}"
        try:
            async with self._session.request(
                method, url, json=body, headers=headers, allow_redirects=False
            ) as response:
                content = await _read(response)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PodFailure(
                f"{address} does not answer: {str(error) or type(error).__name__}"
            ) from error
        if status >= 300:
            raise PodFailure(f"{address} answered {status}: {_explain(content)}", status)
        return _parse(address, content)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """An answer, unless it is longer than any of ours: whoever can make pods can name one so."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        content += chunk
        if len(content) > _LARGEST:
            raise PodFailure("a pod answers with more than a megabyte", response.status)
    return bytes(content)


def _parse(address: str, content: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise PodFailure(f"{address} answers with something else than a JSON object")
    return answer


def _explain(content: bytes) -> str:
    """The sentence of a problem (RFC 9457), or what came instead."""
    try:
        told = json.loads(content)
        return str(told.get("detail") or told)[:512]
    except (ValueError, AttributeError, RecursionError):
        return content[:200].decode(errors="replace")
