"""What can go wrong, as the rest of the package sees it.

OperatorError
 ├── BadConfiguration   a person must mend settings or the defaults file
 ├── Refused            the API server says no, and would again      status, reason
 ├── Conflicting        it says that the object is not what we think  (409)
 ├── Missing            there is no such object                       (404)
 ├── Unavailable        it does not answer, or not now                retry_after (seconds)
 │    └── InternalError it could not: a webhook of its, or what it cannot read   (500)
 └── PodFailure         a pod does not do what it was asked           status
"""


class OperatorError(Exception):
    """The message is a sentence for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadConfiguration(OperatorError):
    """The operator cannot start so; the message has a line for every fault."""


class Refused(OperatorError):
    """The API server understood and said no."""

    def __init__(self, message: str, status: int, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Conflicting(Refused):
    """Somebody else changed the object, or has its fields."""


class Missing(Refused):
    """There is no such object, or no such kind."""


class Unavailable(OperatorError):
    """The API server does not answer, or asks to be asked later."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InternalError(Unavailable):
    """The API server tried and failed, at this object perhaps and at no other."""


class PodFailure(OperatorError):
    """A pod does not answer, or says no."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """None where there was no answer."""
