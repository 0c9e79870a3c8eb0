"""Values of declared fields: what JSON may say for each type, and what it becomes.

The one place that decides this, so that a row read from the record and a row in the columns of a
segment cannot differ: both become values here.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from embedding_service.indexes.definition import FieldType

Scalar: TypeAlias = str | int | float | bool
"""A keyword, an int within int64, a finite float, a bool, or microseconds since 1970 UTC (int)."""

Values: TypeAlias = tuple[Scalar, ...]
"""What a document has in one field: one value, several for `keywords`, none where it is missing."""

_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d+)?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class WrongValue(ValueError):
    """A value that its field does not take; the message completes a sentence: `must be an int`."""


def parse_values(value: object, kind: FieldType) -> Values:
    """What a document's metadata says for a field of this type; null and [] are missing.

    Raises WrongValue.
    """
    if value is None:
        return ()
    if kind is not FieldType.KEYWORDS:
        return (parse_scalar(value, kind),)
    if not isinstance(value, list | tuple):
        raise WrongValue("must be a list of strings")
    return tuple(parse_scalar(each, kind) for each in value)


def read_values(value: object, kind: FieldType) -> Values:
    """As `parse_values`; what is of another type is missing."""
    try:
        return parse_values(value, kind)
    except WrongValue:
        return ()


def parse_scalar(value: object, kind: FieldType) -> Scalar:
    """One value of a field of this type. Raises WrongValue."""
    return _PARSERS[kind](value)


def _parse_keyword(value: object) -> str:
    if not isinstance(value, str):
        raise WrongValue("must be a string")
    if "\0" in value:
        raise WrongValue("must be without NUL")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise WrongValue("must be without lone surrogates") from None
    return value


def _parse_int(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongValue("must be an int")
    if not -(2**63) <= value < 2**63:
        raise WrongValue("must be an int of 64 bits")
    return value


def _parse_float(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise WrongValue("must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WrongValue("must be a finite number")
    return number


def _parse_bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongValue("must be true or false")
    return value


def _parse_datetime(value: object) -> int:
    message = "must be a date and time with an offset, like 2026-01-31T12:00:00Z (RFC 3339)"
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise WrongValue(message)
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:  # a 30th of February, or a leap second, which Python's clock does not have
        raise WrongValue(message) from None
    return (moment - _EPOCH) // _MICROSECOND


_PARSERS: Final[Mapping[FieldType, Callable[[object], Scalar]]] = {
    FieldType.KEYWORD: _parse_keyword,
    FieldType.KEYWORDS: _parse_keyword,
    FieldType.INT: _parse_int,
    FieldType.FLOAT: _parse_float,
    FieldType.BOOL: _parse_bool,
    FieldType.DATETIME: _parse_datetime,
}
