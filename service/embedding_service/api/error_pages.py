"""docs/errors.md, made from the table of problems.py; `make generate` writes it."""

from embedding_service.api.dialects import Dialect, status_of
from embedding_service.api.problem_rows import Row
from embedding_service.api.problems import TABLE, Problem
from embedding_service.errors import ServiceError

_HEAD = """\
# Errors

Generated from `service/embedding_service/api/problems.py` by `make generate`; do not edit.

Every error has a stable `code`. The native API answers RFC 9457 problems
(`application/problem+json`) with `type`, `title`, `status`, `detail`, `code`, `request_id` and
`errors` (`path` and `message` of each fault); under `/v1` errors have OpenAI's shape
(`error.message`, `error.type`, `error.param`, `error.code`), and on the routes of
text-embeddings-inference its own (`error`, `error_type`). The metric `embedding_refusals_total`
counts by `code`.

429 and a passing 503 carry `Retry-After` in seconds; 401 carries `WWW-Authenticate`; 405 carries
`Allow`.

| code | status | under `/v1` | `error_type` | what it means |
|---|---|---|---|---|
"""


def render_page() -> str:
    """The page, by status."""
    rows = sorted(TABLE.items(), key=lambda item: (item[1].status, item[0].code))
    return _HEAD + "".join(_line(kind, row) for kind, row in rows)


def _line(kind: type[ServiceError], row: Row) -> str:
    problem = Problem(row.status, kind.code, row.title, "", row.tei)
    openai = status_of(problem, Dialect.OPENAI)
    return f"| `{kind.code}` | {row.status} | {openai} | {row.tei} | {row.meaning} |\n"
