"""Header names and values of our own making, and of others where several files need them."""

from collections.abc import Mapping, Sequence

from starlette.types import Message

FINGERPRINT = "X-Embedding-Fingerprint"
IDEMPOTENCY_KEY = "Idempotency-Key"
IDEMPOTENCY_REPLAYED = "Idempotency-Replayed"
PRIORITY = "X-Priority"
REQUEST_ID = "X-Request-ID"
REQUEST_TIMEOUT = "X-Request-Timeout"
WARNING = "X-Embedding-Warning"


def sane(value: str) -> str:
    """`value` as one line of printable ASCII: nothing in it can end a header."""
    return "".join(sign for sign in value if " " <= sign <= "~")[:1000]


def warning_headers(codes: Sequence[str]) -> dict[str, str]:
    """The codes of an answer's warnings, as a header where there are any."""
    return {WARNING: sane(", ".join(codes))} if codes else {}


def add_headers(message: Message, headers: Mapping[str, str]) -> None:
    """Add to an `http.response.start` message what it does not have yet."""
    given = list(message.get("headers", ()))
    present = {name.lower() for name, _ in given}
    message["headers"] = [
        *given,
        *(
            (name.lower().encode("ascii"), sane(value).encode("ascii"))
            for name, value in headers.items()
            if name.lower().encode("ascii") not in present
        ),
    ]
