"""Which segments are made one, and of which engine. Pure.

A graph that is not what the index asks for by now is built anew, and searched until then.

Segments are merged by size, as log-structured merge trees do (O'Neil et al., The Log-Structured
Merge-Tree, 1996): a segment is built again only together with at least a third of its own rows, so
that each row is built a logarithmic number of times and a search goes through few segments.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep.engines import choose_engine, resolve

MOST_DEAD: Final = 0.2
"""Share of dead rows at which a segment is rebuilt without them."""
MOST_FLATS: Final = 8
"""Flat segments at which those of like size are made one, however small they are."""
BESIDE_GRAPHS: Final = 0.4
"""Of the rows that may be searched exactly, how many may be so beside graphs: those answer for a
million rows in the time in which 20,000 are searched exactly."""
RATIO: Final = 3
"""A segment joins others when it has at most so many times their rows."""


@dataclass(frozen=True, slots=True)
class Size:
    """One sealed segment, as planning needs it."""

    engine: Engine
    rows: int
    live: int
    made_for: Blueprint | None = None
    """What its graph was to be; None is one of its engine, with the usual tuning."""


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
    tuning: Tuning


def count_waiting(rule: Rule, segments: Sequence[Size]) -> int:
    """Rows that are searched exactly and should not be; 0 where they are few enough to."""
    rule = _beside(rule, segments)
    rows = sum(each.live for each in segments if each.engine is Engine.FLAT)
    is_fine = choose_engine(rule.engine, rows, rule.tuning.exact_rows).engine is Engine.FLAT
    return 0 if is_fine else rows


def plan_upkeep(rule: Rule, segments: Sequence[Size]) -> Plan | None:
    """What to do next, if anything."""
    if outdated := _find_outdated(rule, segments):
        kept = [each for place, each in enumerate(segments) if place not in outdated]
        reason = "a graph is not what the index asks for"
        return _join(_beside(rule, kept), segments, outdated, reason)
    waiting, rule = count_waiting(rule, segments), _beside(rule, segments)
    flats = [place for place, each in enumerate(segments) if each.engine is Engine.FLAT]
    if waiting:
        return _join(rule, segments, flats, f"{waiting:,} rows are not built")
    if len(flats) >= MOST_FLATS and (alike := _find_alike(segments, flats)):
        return _plan(rule, segments, alike, f"{len(alike)} small segments")
    for place, each in enumerate(segments):
        if each.live < each.rows * (1 - MOST_DEAD):
            share = 1 - each.live / each.rows
            return _join(rule, segments, [place], f"{share:.0%} of a segment's rows are dead")
    return None


def plan_compaction(rule: Rule, segments: Sequence[Size]) -> Plan | None:
    """All segments made one, unless they are one already, as it would be made."""
    if not segments:
        return None
    plan = _plan(rule, segments, range(len(segments)), "asked for")
    first = segments[0]
    is_alike = (first.engine is Engine.FLAT) == (plan.engine is Engine.FLAT)
    is_whole = len(segments) == 1 and first.live == first.rows
    is_done = is_whole and is_alike and not _find_outdated(rule, segments)
    return None if is_done else plan


def _beside(rule: Rule, segments: Sequence[Size]) -> Rule:
    """The rule for what comes beside these segments, or in place of some."""
    if all(each.engine is Engine.FLAT for each in segments):
        return rule
    exact_rows = math.ceil(rule.tuning.exact_rows * BESIDE_GRAPHS) - 1
    return replace(rule, tuning=replace(rule.tuning, exact_rows=exact_rows))


def _find_outdated(rule: Rule, segments: Sequence[Size]) -> list[int]:
    """Places of graphs that are not what the rule asks for.

    That more rows may be searched exactly by now counts where those of the index are no more.
    """
    rows = sum(each.live for each in segments)
    return [
        place
        for place, each in enumerate(segments)
        if each.engine is not Engine.FLAT and not _is_as_wanted(rule, each, rows)
    ]


def _is_as_wanted(rule: Rule, graph: Size, rows: int) -> bool:
    made_for = graph.made_for or Blueprint(graph.engine, Tuning())
    before, now = made_for.tuning, rule.tuning
    is_alike = replace(before, exact_rows=now.exact_rows) == now
    is_needed = before.exact_rows >= now.exact_rows or rows > now.exact_rows
    return made_for.engine is resolve(rule.engine) and is_alike and is_needed


def _find_alike(segments: Sequence[Size], flats: Sequence[int]) -> Sequence[int]:
    """The most of the smallest of which the largest has at most RATIO times the others' rows."""
    ascending = sorted(flats, key=lambda place: segments[place].live)
    smaller, most = 0, 0
    for count, place in enumerate(ascending, start=1):
        if count > 1 and segments[place].live <= RATIO * smaller:
            most = count
        smaller += segments[place].live
    return ascending[:most]


def _join(rule: Rule, segments: Sequence[Size], places: Sequence[int], reason: str) -> Plan:
    """These segments, and others that are not much larger than what has come together."""
    joined = list(places)
    rows = sum(segments[place].live for place in joined)
    others = sorted(set(range(len(segments))) - set(joined), key=lambda p: segments[p].live)
    for place in others:
        if segments[place].live <= RATIO * rows:
            joined.append(place)
            rows += segments[place].live
    return _plan(rule, segments, joined, reason)


def _plan(rule: Rule, segments: Sequence[Size], places: Sequence[int], reason: str) -> Plan:
    rows = sum(segments[place].live for place in places)
    choice = choose_engine(rule.engine, rows, rule.tuning.exact_rows)
    return Plan(tuple(sorted(places)), choice.engine, f"{reason}; {choice.reason}")
