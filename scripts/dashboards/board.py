"""What a dashboard is made of. Knows nothing of Grafana's format, nor of any metric."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FULL: Final = 24
"""Columns of a dashboard."""


class Kind(StrEnum):
    """How a panel shows its figures, by Grafana's name for it."""

    GRAPH = "timeseries"
    FIGURE = "stat"
    TABLE = "table"


class Unit(StrEnum):
    """What a figure counts, by Grafana's id for it."""

    COUNT = "short"
    SECONDS = "s"
    BYTES = "bytes"
    SHARE = "percentunit"
    """0 to 1, shown in percent."""
    REQUESTS = "reqps"
    PER_SECOND = "cps"
    CORES = "none"


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture with its queries."""

    title: str
    description: str
    """What it says, and what to make of it; a sentence or two."""
    unit: Unit
    queries: Mapping[str, str]
    """Legend, in Grafana's `{{label}}`, to PromQL; `{@}` is the board's own selector."""
    kind: Kind = Kind.GRAPH
    width: int = FULL // 2
    """In columns."""
    columns: Sequence[str] = ()
    """Of a table: the labels that it shows."""
    alarm: float | None = None
    """Of a figure: from here on it is red."""
    is_stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Variable:
    """What a viewer chooses above the board: values of a label."""

    name: str
    label: str
    """As the viewer reads it."""
    query: str
    """`label_values(METRIC, LABEL)`."""


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    description: str
    variables: Sequence[Variable]
    selector: str
    """Matchers that stand for `@` in every query."""
    rows: Sequence[Row]

    def fill(self, query: str) -> str:
        """The query with the board's own selector in it."""
        return query.replace("{@", "{" + self.selector)

    def panels(self) -> Iterator[Panel]:
        """All of them, in reading order."""
        for row in self.rows:
            yield from row.panels
