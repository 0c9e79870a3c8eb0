"""Figures that move with traffic: told, but at most once a minute where nothing else is."""

from datetime import datetime, timedelta
from typing import Final

from embedding_operator.resources.status import IndexStatus

_PERIOD: Final = timedelta(minutes=1)


def temper(
    status: IndexStatus, written: IndexStatus, written_at: datetime | None, now: datetime
) -> IndexStatus:
    """`status`; or `written`, where only figures differ and it is too soon for them."""
    is_due = written_at is None or now - written_at >= _PERIOD
    if is_due or _without_figures(status) != _without_figures(written):
        return status
    return written


def _without_figures(status: IndexStatus) -> IndexStatus:
    replicas = status.replica_statuses and [
        each.model_copy(update={"version": None, "lag": None}) for each in status.replica_statuses
    ]
    scaling = status.autoscaling and status.autoscaling.model_copy(update={"reason": None})
    update = {"documents": None, "version": None, "replica_statuses": replicas}
    return status.model_copy(update={**update, "autoscaling": scaling})
