"""Panels that every server has, whatever it serves: what callers ask, get and wait for."""

from typing import Final

from dashboards.board import Panel, Row, Unit

_WORK: Final = '@, route!~"/(livez|readyz|startupz|health|metrics)"'
_QUANTILES: Final = {"half": 0.5, "95 %": 0.95, "99 %": 0.99}


def build_traffic(part: str, alert: str) -> Row:
    """Requests, failures, durations, refusals; `part` is a label that tells servers apart."""
    return Row(
        "What callers get",
        (_build_requests(part), _build_failures(alert), _build_durations(), _build_refusals(part)),
    )


def _build_requests(part: str) -> Panel:
    return Panel(
        "Requests",
        "Answered requests by route; probes and metrics are left out.",
        Unit.REQUESTS,
        {
            f"{{{{{part}}}}} {{{{route}}}}": f"sum by ({part}, route) "
            f"(rate(http_requests_total{{{_WORK}}}[$__rate_interval]))"
        },
    )


def _build_failures(alert: str) -> Panel:
    return Panel(
        "Share of requests that fail",
        f"5xx are the service's own failures (alert {alert}); 4xx are the callers', and 429 is "
        "among them.",
        Unit.SHARE,
        {
            f"{digit}xx": f'sum(rate(http_requests_total{{{_WORK}, status=~"{digit}.."}}'
            f"[$__rate_interval])) / sum(rate(http_requests_total{{{_WORK}}}[$__rate_interval]))"
            for digit in (5, 4)
        },
    )


def _build_durations() -> Panel:
    return Panel(
        "Time of a request",
        "From a request's first byte to its answer's last: so many are faster. Who sends much at "
        "once waits longer, rightly.",
        Unit.SECONDS,
        {
            name: f"histogram_quantile({quantile}, sum by (le) "
            f"(rate(http_request_duration_seconds_bucket{{{_WORK}}}[$__rate_interval])))"
            for name, quantile in _QUANTILES.items()
        },
    )


def _build_refusals(part: str) -> Panel:
    return Panel(
        "Refusals",
        "Errors by their code, see docs/errors.md. `overloaded`: more is sent than can be done.",
        Unit.REQUESTS,
        {
            f"{{{{{part}}}}} {{{{reason}}}}": f"sum by ({part}, reason) "
            "(rate(embedding_refusals_total{@}[$__rate_interval]))"
        },
    )
