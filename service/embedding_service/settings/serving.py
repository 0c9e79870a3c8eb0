"""How the server is reached, what it takes at once, and what it tells."""

from pathlib import Path
from typing import Literal

from pydantic import ByteSize, Field

from embedding_service.settings.group import CommaSeparated, Group, PeriodOrNone


class Limits(Group):
    """What one request may bring."""

    max_texts: int = Field(default=10_000, ge=1)
    """Texts in one request."""
    max_body_size: ByteSize = Field(default=ByteSize(64 * 1024**2), ge=1024)
    """Size of a request's body."""
    max_text_chars: int = Field(default=4_000_000, ge=1)
    """Characters of one text."""
    allow_empty_texts: bool = False
    """Embed empty and blank texts instead of refusing them."""


class HttpSettings(Group):
    """How the server is reached."""

    service_host: str = "0.0.0.0"  # noqa: S104  a server in a container is reached from outside it
    """Address to listen on."""
    service_port: int = Field(default=8001, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
    metrics_enabled: bool = True
    """Serve `/metrics`."""
    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    """Serve `/metrics` on this port instead of the service's."""
    admin_port: int | None = Field(default=None, ge=0, le=65_535)
    """Listen on this port too, for probes and the operator: see ADMIN_KEYS_FILE. Probes and metrics
    need no key there, so let nobody else reach it. Unset has no such port."""
    api_keys_file: Path | None = None
    """TOML file of API keys (docs/authentication.md); unset lets everybody in. Read again when it
    changes."""
    cors_origins: CommaSeparated = ()
    """Origins, separated by commas, whose browsers may call; none by default."""
    shutdown_delay: PeriodOrNone = 0.0
    """Seconds after SIGTERM in which `/readyz` already fails and work is still taken, so that load
    balancers notice."""
    shutdown_grace: PeriodOrNone = 30.0
    """Seconds after that for what was accepted to finish."""


class ObservabilitySettings(Group):
    """What is told about it. OpenTelemetry's own variables (OTEL_…) are read by its SDK."""

    log_format: Literal["auto", "json", "console"] = "auto"
    """`auto` is `console` on a terminal, else `json`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""
