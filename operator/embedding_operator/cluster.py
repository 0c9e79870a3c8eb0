"""The API server, as the operator uses it: few verbs on plain objects.

The only importer of `kubernetes`.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from embedding_operator.errors import (
    BadConfiguration,
    Conflicting,
    InternalError,
    Missing,
    Refused,
    Unavailable,
)
from embedding_operator.names import PROGRAM, Kind
from embedding_operator.resources.objects import Manifest

_TIMEOUT: Final = 30.0
"""Seconds for one call."""
_RATE: Final = 30
"""Requests a second: with those of the framework, whose ten watches may begin anew at any time and
whose lists may need many pages, an API server has 50 at most."""
_PAGE: Final = 200
"""Objects of one answer to a list: bounds memory here and there."""
_LATER: Final = frozenset({429, 500, 502, 503, 504})


class Cluster(Protocol):
    """Any call may raise Refused (and its kinds) or Unavailable."""

    async def knows(self, kind: Kind) -> bool:
        """Whether there is such a kind."""

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """One object. Raises Missing."""

    def list(
        self, kind: Kind, namespace: str | None, selector: str = "", fields: str = ""
    ) -> AsyncIterator[Manifest]:
        """All objects of a namespace, or of all of them, that labels and fields select."""

    async def apply(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        """Server-side apply; the object as it is now.

        Raises Conflicting where another manager has a field, unless it `is_forced`.
        """

    async def apply_status(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        """The same for its status."""

    async def create(self, kind: Kind, manifest: Manifest, manager: str) -> Manifest:
        """Make an object. Raises Conflicting where there is one of its name."""

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        """A JSON merge patch (RFC 7386). Raises Conflicting where it names an older version."""

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Ask for its end, and its children's after it.

        One that is gone, or another of its name, is passed over.
        """


class KubernetesCluster:
    """A real one. Bound to one event loop."""

    def __init__(
        self,
        configuration: Configuration,
        count: Callable[[str, int], None] = lambda *_: None,
        rate: int = _RATE,
        agent: str = PROGRAM,
    ) -> None:
        """To the API server of `configuration`.

        Args:
            configuration: Its address, and who we are.
            count: Hears of each request: its verb and its status, 0 where there was no answer.
            rate: Requests in any second, at most; the framework's watches come on top of them.
            agent: Who we say we are; audit logs have it.
        """
        self._client = ApiClient(configuration)
        self._client.user_agent = agent
        self._limit = Limit(rate)
        self._count = count

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def leave_room(self, requests: int, seconds: float) -> None:
        """Wait until others may make so many requests at once, and have `seconds` to make them.

        Not more than the bound on our own.
        """
        await self._limit.leave(requests, seconds)

    async def knows(self, kind: Kind) -> bool:
        """See Cluster."""
        try:
            found = await self._call("GET", kind.path)
        except Missing:
            return False
        return any(each["name"] == kind.plural for each in found["resources"])

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """See Cluster."""
        return await self._call("GET", locate(kind, namespace, name))

    async def list(
        self, kind: Kind, namespace: str | None, selector: str = "", fields: str = ""
    ) -> AsyncIterator[Manifest]:
        """See Cluster. What is read first is not kept while the rest is read."""
        query: dict[str, Any] = {"limit": _PAGE}
        if selector:
            query["labelSelector"] = selector
        if fields:
            query["fieldSelector"] = fields
        while True:
            page = await self._call("GET", locate(kind, namespace), query)
            for item in page["items"]:
                yield {"apiVersion": kind.api, "kind": kind.kind, **item}
            following = page["metadata"].get("continue")
            if not following:
                return
            query["continue"] = following

    async def apply(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        """See Cluster."""
        return await self._apply(kind, manifest, manager, "", is_forced=is_forced)

    async def apply_status(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        """See Cluster."""
        return await self._apply(kind, manifest, manager, "/status", is_forced=is_forced)

    async def create(self, kind: Kind, manifest: Manifest, manager: str) -> Manifest:
        """See Cluster."""
        path = locate(kind, manifest["metadata"].get("namespace"))
        return await self._call("POST", path, {"fieldManager": manager}, manifest)

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        """See Cluster."""
        path, type_ = locate(kind, namespace, name), "application/merge-patch+json"
        return await self._call("PATCH", path, None, patch, type_)

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """See Cluster."""
        options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._call("DELETE", locate(kind, namespace, name), None, options)
        except (Missing, Conflicting):
            return

    async def _apply(
        self, kind: Kind, manifest: Manifest, manager: str, sub: str, *, is_forced: bool
    ) -> Manifest:
        metadata = manifest["metadata"]
        path = locate(kind, metadata.get("namespace"), metadata["name"]) + sub
        query = {"fieldManager": manager, "force": "true" if is_forced else "false"}
        return await self._call("PATCH", path, query, manifest, "application/apply-patch+yaml")

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        await self._limit.take()
        headers = {"Accept": "application/json", "Content-Type": content_type}
        words = f"{path}?{urlencode(query)}" if query else path
        try:
            request = await self._client.param_serialize(
                method, words, None, [], headers, body, auth_settings=["BearerToken"]
            )
            response = await self._client.call_api(*request, _request_timeout=_TIMEOUT)
            content = await response.read()  # type: ignore[no-untyped-call]
        except (TimeoutError, aiohttp.ClientError, OSError, ApiException) as error:
            self._count(method, 0)
            raise Unavailable(f"the API server does not answer: {_tell(error)}") from error
        self._count(method, response.status)
        if response.status < 300:
            return _parse(content)
        retry_after = response.headers.get("Retry-After")
        raise explain(response.status, content, retry_after)


class Limit:
    """A bound on calls in any second, wherever it begins: they may come all at once."""

    def __init__(self, rate: int) -> None:
        self._turns: deque[float] = deque(maxlen=rate)
        """When the last `rate` calls had theirs, or will have it."""
        self._rate = rate

    async def take(self) -> None:
        """Wait for a turn."""
        await self.leave(1, 0.0)

    async def leave(self, calls: int, seconds: float) -> None:
        """Wait until so many calls may come at once, if they do within `seconds`."""
        now, turns = asyncio.get_running_loop().time(), self._turns
        calls = min(calls, self._rate)
        before = islice(turns, max(0, len(turns) + calls - self._rate))
        turn = max((now, *(each + 1.0 for each in before)))
        turns.extend([turn + seconds] * calls)
        if turn > now:
            await asyncio.sleep(turn - now)


async def load_configuration(kubeconfig: Path | None = None) -> Configuration:
    """From `kubeconfig`; else from the pod's service account, or from what KUBECONFIG names.

    Raises BadConfiguration.
    """
    configuration = Configuration()
    # A queue of ours tries again, with its own patience. With 0 the client never stops trying.
    configuration.retries = None
    try:
        await _load(configuration, kubeconfig)
    except (ConfigException, OSError, TypeError) as error:  # TypeError: an empty file
        raise BadConfiguration(
            f"no way to the API server: {error}; run in a cluster, or set KUBECONFIG"
        ) from error
    return configuration


async def _load(configuration: Configuration, kubeconfig: Path | None) -> None:
    if kubeconfig is None:
        with suppress(ConfigException):
            load_incluster_config(configuration)  # type: ignore[no-untyped-call]
            return
    file = str(kubeconfig) if kubeconfig is not None else None
    # The library has no types for these two.
    await load_kube_config(  # type: ignore[no-untyped-call]
        file, client_configuration=configuration
    )


def locate(kind: Kind, namespace: str | None, name: str | None = None) -> str:
    """Path of an object, or of all of its kind."""
    within = f"/namespaces/{namespace}" if namespace else ""
    path = f"{kind.path}{within}/{kind.plural}"
    return path if name is None else f"{path}/{name}"


def explain(status: int, content: bytes, retry_after: str | None) -> Refused | Unavailable:
    """What an answer other than success means (Kubernetes, "Response status")."""
    try:
        told = json.loads(content)
        message, reason = str(told.get("message", "")), str(told.get("reason", ""))
    except (ValueError, AttributeError, RecursionError):  # of a proxy in between
        message, reason = content[:200].decode(errors="replace"), ""
    message = message or f"the API server answered {status}"
    if status in _LATER:
        digits = retry_after if retry_after and retry_after.isdigit() else None
        kind = InternalError if status == 500 else Unavailable
        return kind(message, float(digits) if digits else None)
    kinds = {404: Missing, 409: Conflicting, 410: Conflicting}
    return kinds.get(status, Refused)(message, status, reason)


def _parse(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Unavailable("the API server answers with something else than an object of JSON")
    return answer


def _tell(error: Exception) -> str:
    """A timeout says nothing of itself."""
    return str(error) or type(error).__name__
