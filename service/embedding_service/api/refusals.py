"""What can go wrong on the way in, before any other room is asked; same tree as errors.py."""

from typing import ClassVar, Final

from embedding_service.errors import InvalidRequest, Overloaded, ServiceError, Unavailable

STALLED_AFTER: Final = 30.0
"""Seconds without a byte of a body that somebody is still sending."""
_DRAINED_AFTER = 1.0
"""Seconds; another replica takes the request at once, the same one never will."""


class UnknownRoute(ServiceError):
    """No route has this path."""

    code = "route_not_found"

    def __init__(self) -> None:
        super().__init__("no such route; GET /openapi.json lists those that are")


class IndexesElsewhere(ServiceError):
    """This server has no indexes, by its settings."""

    code = "indexes_elsewhere"

    def __init__(self) -> None:
        super().__init__(
            "no indexes on this server: DATABASE_URL=none is set here; ask the index tier, which "
            "has them"
        )


class MethodNotAllowed(ServiceError):
    """The route exists, for other methods."""

    code = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"this route takes {allowed}")
        self.allowed = allowed


class UnsupportedContent(ServiceError):
    """The body is not JSON in UTF-8 by its own declaration."""

    code = "unsupported_media_type"


class StalledBody(ServiceError):
    """The rest of the body does not come; its place is given to others."""

    code = "body_stalled"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no byte of the body came for {seconds:g} s; send the request again")


class MalformedBody(InvalidRequest):
    """The body is not JSON."""

    code = "malformed_json"


class NotAuthenticated(ServiceError):
    """No key, or one that nobody has."""

    code = "unauthorized"
    realm: ClassVar[str] = "gpu-embedding"

    def __init__(self, *, was_given: bool, message: str | None = None) -> None:
        """Keys are asked for unless a `message` says otherwise."""
        super().__init__(
            message
            if message is not None
            else "this key is not known here; ask the operator of this service for one"
            if was_given
            else "a key is needed: send `Authorization: Bearer KEY`"
        )
        self.was_given = was_given


class RateLimited(Overloaded):
    """The key's own rate or concurrency is used up; the server itself may well have room."""

    code = "rate_limited"


class Draining(Unavailable):
    """This process is about to end and takes no new work."""

    code = "draining"

    def __init__(self) -> None:
        super().__init__("this server is shutting down; send the request again", _DRAINED_AFTER)
