"""What these commands print: tables for people, JSON for programs."""

from collections.abc import Iterable, Sequence

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_json(value: object) -> None:
    """`value` as indented JSON."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None
) -> None:
    """Rows under headings; only the last column is cut where the terminal ends."""
    table = Table(box=None, pad_edge=False, title=title and _plain(title), title_justify="left")
    for heading in headings[:-1]:
        table.add_column(heading, overflow="fold")
    table.add_column(headings[-1], no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*map(_plain, row))
    Console().print(table)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Names and values, one pair a line."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, _plain(value))
    Console().print(table)


def _plain(text: str) -> Text:
    """One line without what a terminal or rich would take for a command."""
    line = " ".join(text.split())
    return Text(
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
    )
