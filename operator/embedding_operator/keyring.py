"""The operator's signing keys: one Secret in its own namespace, made at the first start.

A key is replaced now and then. The new one is published first and signs later, when every pod has
read of it; the old one goes when no token of it is good any more.
"""

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from cryptography.exceptions import UnsupportedAlgorithm

from embedding_operator.cluster import Cluster
from embedding_operator.errors import BadConfiguration, Conflicting, Missing, OperatorError
from embedding_operator.names import PROGRAM, SECRETS
from embedding_operator.resources.objects import Manifest
from embedding_operator.tokens import Signer, SigningKey

REPLACED_AFTER: Final = timedelta(days=90)
USED_AFTER: Final = timedelta(minutes=10)
"""A kubelet looks at a mounted ConfigMap once a minute or so, and a pass writes it as often."""
FORGOTTEN_AFTER: Final = timedelta(hours=1)
_LOOK_EVERY: Final = 600.0
"""Seconds."""
_SUFFIX: Final = ".pem"

_log = structlog.stdlib.get_logger(__name__)


class Keyring:
    """The keys as they are now. Bound to one event loop."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        clock: Callable[[], datetime],
        count_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._name = name
        self._clock = clock
        self._count_failure = count_failure
        self._signer: Signer | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def signer(self) -> Signer:
        """Signs with the newest key that pods have read of."""
        if self._signer is None:
            raise RuntimeError("keys are looked at before they are used")
        return self._signer

    @property
    def stuck(self) -> str | None:
        """Why nobody looks after the keys, where somebody did."""
        has_ended = self._keeping is not None and self._keeping.done()
        return "its keys are looked after no more" if has_ended else None

    def start(self) -> None:
        """Begin to `keep`."""
        self._keeping = asyncio.create_task(self.keep())

    async def close(self) -> None:
        """Keep no longer."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def look(self) -> None:
        """Read the keys; make one, or let one go, if it is time for that.

        Raises BadConfiguration, Unavailable, Refused.
        """
        try:
            secret = await self._cluster.get(SECRETS, self._namespace, self._name)
        except Missing:
            secret = await self._make()
        keys = read_keys(secret)
        if not keys:
            raise BadConfiguration(
                f"Secret {self._namespace}/{self._name} has no signing key; delete it, and another "
                "is made"
            )
        change = plan_keys(keys, self._clock())
        if change:
            with suppress(Conflicting):  # looked at again soon
                secret = await self._change(secret, change)
                keys = read_keys(secret)
        self._signer = choose(keys, self._clock())

    async def keep(self) -> None:
        """Look now and then, for ever; what goes wrong is told, counted and tried again."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                await self.look()
            except OperatorError as error:  # what signs goes on to sign
                self._count_failure()
                _log.warning("the signing keys are not to be had", reason=error.message)

    async def _make(self) -> Manifest:
        body = {
            "apiVersion": SECRETS.api,
            "kind": SECRETS.kind,
            "type": "Opaque",
            "metadata": {"name": self._name, "namespace": self._namespace},
            "data": _write(SigningKey.new(self._clock())),
        }
        try:
            return await self._cluster.create(SECRETS, body, PROGRAM)
        except Conflicting:  # another start was quicker
            return await self._cluster.get(SECRETS, self._namespace, self._name)

    async def _change(self, secret: Manifest, change: dict[str, Any]) -> Manifest:
        version = secret["metadata"].get("resourceVersion")
        patch = {"metadata": {"resourceVersion": version}, "data": change}
        return await self._cluster.patch(SECRETS, self._namespace, self._name, patch)


def read_keys(secret: Manifest) -> list[SigningKey]:
    """From the Secret: one key an entry, `<id>.pem`; the newest first. Raises BadConfiguration."""
    found = []
    for entry, value in (secret.get("data") or {}).items():
        if entry.endswith(_SUFFIX):
            try:
                key = SigningKey.read(entry.removesuffix(_SUFFIX), base64.b64decode(value))
            except (TypeError, ValueError, UnsupportedAlgorithm) as error:  # TypeError: encrypted
                raise BadConfiguration(f"the signing key {entry} cannot be read: {error}") from None
            found.append(key)
    return sorted(found, key=lambda key: (key.made, key.id), reverse=True)


def choose(keys: list[SigningKey], now: datetime) -> Signer:
    """All of them, the one that signs first. `keys` come newest first."""
    known = [key for key in keys if now - key.made >= USED_AFTER]
    signing = known[0] if known else keys[-1]
    return Signer((signing, *(key for key in keys if key is not signing)))


def plan_keys(keys: list[SigningKey], now: datetime) -> dict[str, Any]:
    """Entries of the Secret to be written, None for those to go. `keys` come newest first."""
    newest, *older = keys
    if now - newest.made > REPLACED_AFTER:
        return _write(SigningKey.new(now))
    if now - newest.made > FORGOTTEN_AFTER:
        return {f"{key.id}{_SUFFIX}": None for key in older}
    return {}


def _write(key: SigningKey) -> dict[str, str]:
    return {f"{key.id}{_SUFFIX}": base64.b64encode(key.write()).decode()}
