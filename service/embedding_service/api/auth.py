"""Who is calling, and whether their key has room for one more request."""

import hmac
import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from embedding_service.api.keys import Key, KeyRing, digest_of
from embedding_service.api.refusals import NotAuthenticated, RateLimited

_RETRY_BUSY = 1.0
"""Seconds; when one of a key's own requests will end is not known."""


class Authenticator:
    """Admits requests that carry a key of the ring, within that key's rate and concurrency."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._inside: Counter[str] = Counter()

    @contextmanager
    def admit(self, authorization: str | None) -> Iterator[str]:
        """Hold one place of the key in `authorization`; gives the key's name.

        Raises:
            NotAuthenticated: there is no key, or an unknown one.
            RateLimited: the key has used up its rate or concurrency.
        """
        name, key = self._find(authorization)
        self._check_room(name, key)
        self._inside[name] += 1
        try:
            yield name
        finally:
            self._inside[name] -= 1

    def _find(self, authorization: str | None) -> tuple[str, Key]:
        scheme, _, secret = (authorization or "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise NotAuthenticated(was_given=False)
        digest = digest_of(secret)
        found: tuple[str, Key] | None = None
        for name, key in self._ring.keys.items():  # all of them, so that time tells nothing
            if hmac.compare_digest(digest, key.sha256):
                found = name, key
        if found is None:
            raise NotAuthenticated(was_given=True)
        return found

    def _check_room(self, name: str, key: Key) -> None:
        if key.concurrency is not None and self._inside[name] >= key.concurrency:
            raise RateLimited(
                f"this key may have {key.concurrency} requests at once, and has them",
                _RETRY_BUSY,
                "concurrency",
            )
        if key.rate is None:
            return
        item = RateLimitItemPerSecond(key.rate)
        if not self._limiter.hit(item, name):
            wait = self._limiter.get_window_stats(item, name).reset_time - time.time()
            raise RateLimited(
                f"this key may send {key.rate} requests a second",
                max(0.0, float(math.ceil(wait))),
                "rate",
            )
