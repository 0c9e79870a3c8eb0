"""What is kept of an error: its code, and of an unforeseen one where it happened.

Never a message of an exception that is not ours: it may quote the request.
"""

from embedding_service.api.exchange import Exchange
from embedding_service.api.problems import Problem, problem_of
from embedding_service.errors import ServiceError
from embedding_service.telemetry.redaction import render_traceback


def record_failure(exchange: Exchange, error: Exception) -> Problem:
    """Write `error` into `exchange` and tell it as a problem."""
    problem = problem_of(error)
    exchange.code = problem.code
    if problem.code == ServiceError.code:
        exchange.failure = render_traceback(error)
    return problem
