"""What routes take from the path, the query and the headers.

Read by hand, as bodies are: FastAPI would refuse what is wrong in words and a shape of its own.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

from embedding_service.api.headers import IDEMPOTENCY_KEY
from embedding_service.api.parameters import Parameter
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.definition import LONGEST_NAME, check_name
from embedding_service.indexes.documents import IdempotencyKey

LONGEST_ID: Final = 512
"""Bytes of UTF-8."""
LONGEST_CURSOR: Final = 1_024
LARGEST_PAGE: Final = 1_000
_MOST_DOCUMENTS: Final = 1_000_000_000
_DEFAULT_PAGE: Final = 100
_KEY = re.compile(r"[ -~]{1,255}")

NAME_SCHEMA: Final = {
    "type": "string",
    "maxLength": LONGEST_NAME,
    "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
}
ID_SCHEMA: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_ID,
    "pattern": r"^[^\u0000]*$",
}
CURSOR_SCHEMA: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_CURSOR}


INDEX = Parameter("name", "path", NAME_SCHEMA, "An index, or an alias of one.")
ALIAS = Parameter("alias", "path", NAME_SCHEMA, "An alias.")
DOCUMENT = Parameter("id", "path", ID_SCHEMA, "A document's id, percent-encoded.")
SNAPSHOT = Parameter("id", "path", {"type": "string", "maxLength": 64}, "A snapshot.")
VERIFY = Parameter(
    "verify",
    "query",
    {"type": "string", "enum": ["true", "false"], "default": "false"},
    "Read all of its files, and tell what is wrong.",
)
CONFIRM = Parameter("confirm", "query", {"type": "string"}, "The index's name, once more.")
CURSOR = Parameter("cursor", "query", CURSOR_SCHEMA, "From the answer before: go on after it.")
LIMIT = Parameter(
    "limit",
    "query",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": _DEFAULT_PAGE},
    "Documents in one answer.",
)
DOCUMENTS = Parameter(
    "documents",
    "query",
    {"type": "integer", "minimum": 0, "maximum": _MOST_DOCUMENTS},
    "Estimate the memory of so many documents instead of those that there are.",
)
INCLUDE = Parameter(
    "include", "query", {"type": "string", "enum": ["vector"]}, "Tell the vector as well."
)
KEY = Parameter(
    IDEMPOTENCY_KEY,
    "header",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"},
    "A name for this write, by which it is known when it is sent again: it is done once.",
)


class _AnyText(Convertor[str]):
    """Starlette's own `path` ends at a line's end, and takes `a%0A` for `a`: another document."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("document_id", _AnyText())


def named(name: str, path: str, kind: str = "index") -> str:
    """`name` as it is. Raises InvalidRequest, told with `path`, unless it is a name."""
    try:
        return check_name(name, kind)
    except InvalidRequest as error:
        issues = [Issue(issue.message, path=path) for issue in error.issues]
        raise InvalidRequest(error.message, issues) from None


def index_of(request: Request) -> str:
    """The index that the path names. Raises InvalidRequest."""
    return named(request.path_params[INDEX.name], INDEX.name)


def alias_of(request: Request) -> str:
    """The alias that the path names. Raises InvalidRequest."""
    return named(request.path_params[ALIAS.name], ALIAS.name, "alias")


def document_of(request: Request) -> str:
    """The id in the path. Raises InvalidRequest."""
    given: str = request.path_params[DOCUMENT.name]
    if fault := fault_of_id(given):
        raise InvalidRequest(f"the id {fault}", [Issue(fault, path=DOCUMENT.name)])
    return given


def fault_of_id(given: str) -> str | None:
    """What is wrong with a document's id."""
    if not given:
        return "is empty"
    if "\0" in given:
        return "has a NUL character"
    # A lone surrogate cannot come this way: no parser before this one lets it pass.
    if len(given) > LONGEST_ID or len(given.encode("utf-8", "replace")) > LONGEST_ID:
        return f"is longer than {LONGEST_ID} bytes"
    return None


def query_of(request: Request, *taken: Parameter) -> Mapping[str, str]:
    """The query's parameters. Raises InvalidRequest for one too many, and for one twice."""
    names = {each.name for each in taken}
    given = request.query_params
    if unknown := given.keys() - names:
        told = f"takes {', '.join(sorted(names))} alone" if names else "takes none"
        raise InvalidRequest(
            f"the query has {len(unknown)} parameters that this route does not know; it {told}",
            [Issue(f"has unknown parameters; this route {told}", path="query")],
        )
    for name in names:
        if len(given.getlist(name)) > 1:
            raise _wrong(name, "is given more than once")
    return given


def limit_of(query: Mapping[str, str]) -> int:
    """How many documents are wanted. Raises InvalidRequest."""
    told = query.get(LIMIT.name, str(_DEFAULT_PAGE))
    is_number = told.isascii() and told.isdecimal() and len(told) <= 4
    if not is_number or not 1 <= int(told) <= LARGEST_PAGE:
        raise _wrong(LIMIT.name, f"must be a number from 1 to {LARGEST_PAGE:,}")
    return int(told)


def documents_of(query: Mapping[str, str]) -> int | None:
    """How many documents memory is estimated for. Raises InvalidRequest."""
    told = query.get(DOCUMENTS.name)
    if told is None:
        return None
    is_number = told.isascii() and told.isdecimal() and len(told) <= len(str(_MOST_DOCUMENTS))
    if not is_number or int(told) > _MOST_DOCUMENTS:
        raise _wrong(DOCUMENTS.name, f"must be a number from 0 to {_MOST_DOCUMENTS:,}")
    return int(told)


def cursor_of(query: Mapping[str, str]) -> str | None:
    """Where to go on. Raises InvalidRequest."""
    told = query.get(CURSOR.name)
    if told is not None and not 1 <= len(told) <= LONGEST_CURSOR:
        raise _wrong(CURSOR.name, "is no cursor")
    return told


def wants_vectors(query: Mapping[str, str]) -> bool:
    """Whether vectors are to be told. Raises InvalidRequest."""
    told = query.get(INCLUDE.name, "vector")
    if told != "vector":
        raise _wrong(INCLUDE.name, "must be `vector`")
    return INCLUDE.name in query


def flag_of(query: Mapping[str, str], taken: Parameter) -> bool:
    """Whether it is asked for. Raises InvalidRequest."""
    told = query.get(taken.name, "false")
    if told not in {"true", "false"}:
        raise _wrong(taken.name, "must be `true` or `false`")
    return told == "true"


def key_of(request: Request, body: bytes | bytearray) -> IdempotencyKey | None:
    """The caller's name for the write in `body`, where there is one. Raises InvalidRequest."""
    given = request.headers.getlist(IDEMPOTENCY_KEY)
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise _wrong(IDEMPOTENCY_KEY, "must be one header of 1 to 255 printable ASCII characters")
    return IdempotencyKey(given[0], hashlib.sha256(body).digest())


def _wrong(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{name} {message}", [Issue(message, path=name)])
