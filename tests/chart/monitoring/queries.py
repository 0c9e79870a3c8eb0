"""What a query in PromQL asks for."""

import re
from dataclasses import dataclass

from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Expr,
    Matcher,
    VectorSelector,
    parse,
    walk,
)


@dataclass(frozen=True, slots=True)
class Selector:
    """One selection of series."""

    metric: str
    matchers: tuple[tuple[str, str], ...]
    """Label and what it is compared with."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a query names."""

    selectors: tuple[Selector, ...]
    grouping: frozenset[str]
    """Labels of `by` and `on`."""


def read_query(text: str) -> Query:
    """A query of an alert or a panel. Raises ValueError where it is none."""
    selectors: list[Selector] = []
    grouping: set[str] = set()

    def look(expression: Expr) -> None:
        if isinstance(expression, VectorSelector):
            matchers: list[Matcher] = expression.matchers.matchers
            compared = tuple((each.name, each.value) for each in matchers)
            selectors.append(Selector(expression.name or "", compared))
        elif isinstance(expression, AggregateExpr) and expression.modifier:
            grouping.update(expression.modifier.labels)
        elif isinstance(expression, BinaryExpr) and expression.modifier:
            matching = expression.modifier.matching
            grouping.update(matching.labels if matching else ())

    walk(parse(_fill(text)), look)
    return Query(tuple(selectors), frozenset(grouping))


def _fill(text: str) -> str:
    """Grafana's own variables as it would put them there."""
    return re.sub(r"\$__(rate_)?interval", "5m", text)
