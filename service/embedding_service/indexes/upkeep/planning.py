"""Which segments are made one, and of which engine. Pure.

Segments are merged by size, as log-structured merge trees do (O'Neil et al., The Log-Structured
Merge-Tree, 1996): a segment is built again only together with about as many rows as it has itself,
so that each row is built a logarithmic number of times and a search goes through few segments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.upkeep.engines import MOST_FLAT, choose_engine

MOST_DEAD: Final = 0.2
"""Share of dead rows at which a segment is rebuilt without them."""
MOST_FLATS: Final = 8
"""Flat segments at which they are made one, however small they are."""
_RATIO: Final = 3
"""A segment joins others when it has at most so many times their rows."""


@dataclass(frozen=True, slots=True)
class Size:
    """One sealed segment, as planning needs it."""

    engine: Engine
    rows: int
    live: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Segments to be made one."""

    places: tuple[int, ...]
    """Of the segments, in the order in which they were given."""
    engine: Engine
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What an index wants."""

    engine: Engine
    most_flat: int = MOST_FLAT
    """Rows that may be searched exactly."""


def plan_upkeep(rule: Rule, segments: Sequence[Size], *, is_forced: bool = False) -> Plan | None:
    """What to do next, if anything; `is_forced` makes all segments one."""
    if is_forced:
        return _join(rule, segments, range(len(segments)), "asked for") if segments else None
    flats = [place for place, each in enumerate(segments) if each.engine is Engine.FLAT]
    unbuilt = sum(segments[place].live for place in flats)
    if rule.engine is not Engine.FLAT and unbuilt > rule.most_flat:
        return _join(rule, segments, flats, f"{unbuilt:,} rows are not built")
    if len(flats) >= MOST_FLATS:
        small = [place for place in flats if segments[place].live <= rule.most_flat]
        if len(small) >= MOST_FLATS:
            return _join(rule, segments, small, f"{len(small)} small segments")
    for place, each in enumerate(segments):
        if each.live < each.rows * (1 - MOST_DEAD):
            share = 1 - each.live / each.rows
            return _join(rule, segments, [place], f"{share:.0%} of a segment's rows are dead")
    return None


def _join(rule: Rule, segments: Sequence[Size], places: Sequence[int], reason: str) -> Plan | None:
    """These segments, and others that are not much larger than what has come together."""
    joined = list(places)
    rows = sum(segments[place].live for place in joined)
    others = sorted(set(range(len(segments))) - set(joined), key=lambda p: segments[p].live)
    for place in others:
        if segments[place].live <= _RATIO * rows:
            joined.append(place)
            rows += segments[place].live
    choice = choose_engine(rule.engine, rows, rule.most_flat)
    return Plan(tuple(sorted(joined)), choice.engine, f"{reason}; {choice.reason}")
