"""What the API server would not have: kept and told, and no reason to leave the rest undone."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from embedding_operator.errors import Conflicting, InternalError, Missing, Refused
from embedding_operator.observe.observation import ChildKey

_log = structlog.stdlib.get_logger(__name__)


@contextmanager
def noted(refusals: dict[ChildKey, str], key: ChildKey) -> Iterator[None]:
    """Keep under `key` why what is done here was refused, if it was.

    That somebody was quicker is no refusal: Conflicting and Missing are raised, and the next pass
    sees what he did.
    """
    try:
        yield
    except (Conflicting, Missing):
        raise
    except (Refused, InternalError) as error:
        kind, name = key
        _log.warning("it was refused", what=f"{kind.kind} {name}", reason=error.message)
        refusals[key] = error.message
