"""What is kept of an error: its code, and of an unforeseen one where it happened.

Never a message of an exception that is not ours: it may quote the request.
"""

import traceback

from embedding_service.api.exchange import Exchange
from embedding_service.api.problems import Problem, problem_of
from embedding_service.errors import ServiceError


def note(exchange: Exchange, error: Exception) -> Problem:
    """Write `error` into `exchange` and tell it as a problem."""
    problem = problem_of(error)
    exchange.code = problem.code
    if problem.code == ServiceError.code:
        exchange.failure = describe(error)
    return problem


def describe(error: BaseException) -> str:
    """Types and places of `error` and of what led to it, the last first; no messages."""
    lines: list[str] = []
    link: BaseException | None = error
    while link is not None:
        kind = type(link)
        lines += [
            f"{kind.__module__}.{kind.__qualname__}\n",
            *traceback.format_tb(link.__traceback__),
        ]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "".join(lines)
