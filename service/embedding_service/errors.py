"""What can go wrong, as the rest of the package sees it.

    ServiceError
     ├── InvalidRequest        the caller can mend it                issues: where and what
     │    ├── TextTooLong      longer than the model reads, and cutting was forbidden
     │    └── TokenIdOutOfRange   token ids of another vocabulary
     ├── TooLarge              the caller must send less             limit, setting (raises it)
     ├── ModelNotServed        not on the list of served models
     ├── FingerprintMismatch   another model than the request is for  expected, served
     ├── Overloaded            the caller can come back              retry_after (seconds), reason
     ├── Unavailable           not now, for no fault of the caller   retry_after (seconds)
     ├── DeadlineExceeded      the time the caller allowed is over
     ├── ModelUnavailable      a person must act                     reference
     └── InferenceFailed       the model could not do this one text
          └── NonFiniteOutput  NaN or Inf where a number belongs

Every class has a `code`, stable and documented in docs/errors.md; a message is composed where the
facts are, says what, where and what to do, and never carries a user's text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class ServiceError(Exception):
    """Base of everything this package raises on purpose."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __reduce__(self) -> tuple[Callable[..., "ServiceError"], tuple[Any, ...]]:
        # Exception's own way calls the class with the message alone, which most of these do not
        # take; an error must get from one process to another.
        return _restore, (type(self), self.args, self.__dict__)


def _restore(
    kind: type[ServiceError], args: tuple[Any, ...], attributes: dict[str, Any]
) -> ServiceError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with a request.

    `position` is the index of the offending text where there is one; `path` names the field
    otherwise. The API joins them in the words of its dialect (`texts[3]`, `input[3]`, `inputs[3]`).
    """

    message: str
    position: int | None = None
    path: str | None = None


class InvalidRequest(ServiceError):
    """The request cannot be served as it is; the caller can mend it."""

    code = "invalid_request"

    def __init__(self, message: str, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.issues = tuple(issues)


class TextTooLong(InvalidRequest):
    """A text has more tokens than the model reads, and `truncate` is false."""

    code = "text_too_long"


class TokenIdOutOfRange(InvalidRequest):
    """Token ids that the served model's vocabulary does not have."""

    code = "token_id_out_of_range"


class TooLarge(ServiceError):
    """More than this server takes at once; the environment variable `setting` raises `limit`."""

    code = "too_large"

    def __init__(self, what: str, limit: int, unit: str, setting: str) -> None:
        super().__init__(f"{what}: the limit is {limit:,} {unit}; send less, or raise {setting}")
        self.limit = limit
        self.setting = setting


class ModelNotServed(ServiceError):
    """The request names a model that is not on this server's list."""

    code = "model_not_found"

    def __init__(self, name: str, served: Sequence[str]) -> None:
        super().__init__(f"model {name!r} is not served here; served are: {', '.join(served)}")


class FingerprintMismatch(ServiceError):
    """The request is for the vectors of a model that is not the one served under that name."""

    code = "fingerprint_mismatch"

    def __init__(self, name: str, expected: str, served: str) -> None:
        super().__init__(
            f"model {name!r} has fingerprint {served} here, and the request wants {expected}"
        )
        self.expected = expected
        self.served = served


class Overloaded(ServiceError):
    """Refused before any work was done; `retry_after` (seconds) comes from the measured rate."""

    code = "overloaded"

    def __init__(self, message: str, retry_after: float, reason: str) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.reason = reason


class Unavailable(ServiceError):
    """Cannot be served now: starting, draining, a worker lost, device memory exhausted."""

    code = "unavailable"

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeadlineExceeded(ServiceError):
    """The time allowed for a request ended before its work did; what was left of it was dropped."""

    code = "deadline_exceeded"

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"not finished within {seconds:g} s; send fewer texts at once, or allow more time "
            "(X-Request-Timeout, and REQUEST_TIMEOUT for all)"
        )


class ModelUnavailable(ServiceError):
    """A model cannot be loaded; a person must act. The message says what was tried, what helps."""

    code = "model_unavailable"

    def __init__(self, reference: str, message: str) -> None:
        super().__init__(message)
        self.reference = reference


class InferenceFailed(ServiceError):
    """The model failed on a text again when that text was alone in its batch."""

    code = "inference_failed"


class NonFiniteOutput(InferenceFailed):
    """The model answered NaN or Inf; such a vector is never handed out."""

    code = "non_finite_output"
