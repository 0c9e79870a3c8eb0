"""Targets, and the verdict that what was measured earns. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from benchmarks.results import Result

Tell: TypeAlias = Callable[[Result], str]
Judge: TypeAlias = Callable[[Result], bool | None]

MOST_OTHERS: Final = 0.1
"""Share of the machine that others may take before a part counts as not quiet."""


class Verdict(StrEnum):
    """Of one row; disturbed is what was measured while others took more than `MOST_OTHERS`."""

    MET = "met"
    NOT_MET = "**not met**"
    MET_DISTURBED = "met, disturbed"
    NOT_MET_DISTURBED = "not met, disturbed"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """One row of the table before it was measured."""

    what: str
    wanted: str
    part: str = ""
    """Which measures it; empty where none does yet, and then `lacking` says why."""
    tell: Tell = lambda _: ""
    judge: Judge = lambda _: None
    """None where the part has not measured it."""
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    what: str
    wanted: str
    measured: str
    verdict: Verdict


def judge_all(targets: Sequence[Target], results: Mapping[str, Result]) -> list[Row]:
    """A row for every target, in their order."""
    return [_judge(target, results.get(target.part)) for target in targets]


def _judge(target: Target, result: Result | None) -> Row:
    def lacks(why: str) -> Row:
        return Row(target.what, target.wanted, why, Verdict.NOT_MEASURED)

    if result is None:
        return lacks(target.lacking or f"the part `{target.part}` has not been run")
    if result.lacking:
        return lacks(result.lacking)
    is_met = target.judge(result)
    if is_met is None:
        return lacks("; ".join(filter(None, (target.lacking, target.tell(result)))))
    if result.others > MOST_OTHERS:
        verdict = Verdict.MET_DISTURBED if is_met else Verdict.NOT_MET_DISTURBED
    else:
        verdict = Verdict.MET if is_met else Verdict.NOT_MET
    return Row(target.what, target.wanted, target.tell(result), verdict)
