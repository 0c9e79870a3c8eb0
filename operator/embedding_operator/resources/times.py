"""Moments as Kubernetes writes them: RFC 3339, in UTC, whole seconds."""

from datetime import UTC, datetime


def write_time(moment: datetime) -> str:
    """`2026-11-28T03:25:55Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> datetime:
    """Raises ValueError."""
    return datetime.fromisoformat(text)
