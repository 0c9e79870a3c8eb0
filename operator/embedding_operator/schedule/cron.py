"""Slots of a cron expression in a time zone.

The only importer of `cronsim`, which follows Debian's cron, also where clocks change.
"""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError


class BadSchedule(ValueError):
    """The message is a sentence for whoever wrote it."""


def check_schedule(expression: str, time_zone: str) -> None:
    """Raises BadSchedule."""
    following(expression, time_zone, datetime.now(ZoneInfo("UTC")))


def following(expression: str, time_zone: str, moment: datetime) -> datetime:
    """The first slot after `moment`. Raises BadSchedule."""
    return _slot(expression, time_zone, moment, is_backward=False)


def preceding(expression: str, time_zone: str, moment: datetime) -> datetime:
    """The last slot before `moment`. Raises BadSchedule."""
    return _slot(expression, time_zone, moment, is_backward=True)


def _slot(expression: str, time_zone: str, moment: datetime, *, is_backward: bool) -> datetime:
    if len(expression.split()) != 5:
        raise BadSchedule(f"schedule {expression!r} has not five fields, as in `0 3 * * *`")
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadSchedule(f"there is no time zone {time_zone!r}; use an IANA name") from None
    try:
        slots = CronSim(expression, moment.astimezone(zone), reverse=is_backward)
        return next(slots)
    except CronSimError as error:
        raise BadSchedule(f"schedule {expression!r}: {error}") from None
    except StopIteration:
        raise BadSchedule(f"schedule {expression!r} never comes") from None
