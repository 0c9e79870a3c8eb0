"""What the command line says when a person must act."""

from embedding_service.errors import ServiceError


class Complaint(Exception):
    """What a person can mend: the message says what, where and how."""


def word(error: Exception) -> str:
    """One error as people read it, without a traceback."""
    if isinstance(error, ServiceError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
