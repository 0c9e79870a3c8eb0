"""Reads the whole file before anything is added: a fault in its last row is told at once."""

import asyncio
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.answers import IndexFacts
from embedding_service.cli.index.imports.source import Source, is_empty
from embedding_service.errors import InvalidRequest, TooLarge
from embedding_service.indexes.definition import Definition, Engine, FieldType, Metric, ModelPin
from embedding_service.inference.texts import check_texts
from embedding_service.retrieval.additions import check
from embedding_service.retrieval.requests import NewDocument
from embedding_service.settings import Limits

_TOGETHER = 1024
_MOST_NAMED = 10
_PLACE = re.compile(r"documents\[(\d+)\]\.?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds."""

    documents: int
    skipped: int
    """Rows with neither text nor vector, to be left out."""
    has_twins: bool
    """Whether an id comes twice: then the last counts, and batches must come in order."""


async def survey(
    source: Source, definition: Definition, limits: Limits, *, skip_empty: bool
) -> Survey:
    """Check every row of `source`. Raises Complaint with those that no index like this takes."""
    limits = limits.model_copy(update={"max_texts": 2**62})
    names, empty, count = set[str](), list[int](), 0
    # 8 bytes an id; two ids of one hash, and the import is slower for nothing.
    hashes = array("q")
    rows = source.documents(names)
    while together := list(islice(rows, _TOGETHER)):
        filled = [(number, each) for number, each in together if not is_empty(each)]
        if len(filled) < len(together):
            empty += [number for number, each in together if is_empty(each)]
            if not skip_empty and len(empty) > _MOST_NAMED:
                break
        _check(source, filled, definition, limits)
        hashes.extend(hash(each.id) for _, each in filled)
        count += len(filled)
        await asyncio.sleep(0)  # Ctrl-C is heard between two chunks
    _check_names(source, names, has_rows=bool(count or empty))
    if empty and not skip_empty:
        raise Complaint(_tell_empty(source, empty, names))
    return Survey(count, len(empty), has_twins=len(np.unique(np.asarray(hashes))) < count)


def define(facts: IndexFacts) -> Definition:
    """An index by what its server tells."""
    model, fingerprint = facts["model"], facts["fingerprint"]
    return Definition(
        uid=facts["uid"],
        name=facts["name"],
        dimension=facts["dimension"],
        metric=Metric(facts["metric"]),
        engine=Engine(facts["engine"]),
        fields={name: FieldType(kind) for name, kind in facts["fields"].items()},
        model=ModelPin(model, fingerprint) if model and fingerprint else None,
    )


def locate(issues: Sequence[tuple[str, str]], numbers: Sequence[int]) -> tuple[int, str] | None:
    """The row of the first issue that names a document by its position, and what is wrong."""
    for path, message in issues:
        if found := _PLACE.fullmatch(path):
            return numbers[int(found[1])], f"{found[2]} {message}".strip()
    return None


def _check(
    source: Source,
    filled: Sequence[tuple[int, NewDocument]],
    definition: Definition,
    limits: Limits,
) -> None:
    numbers = [number for number, _ in filled]
    texts = [(number, each.text) for number, each in filled if each.text is not None]
    try:
        check([each for _, each in filled], definition, is_atomic=True)
        if texts:
            check_texts([text for _, text in texts], limits)
    except InvalidRequest as error:
        issue = error.issues[0]
        if issue.position is not None:
            raise source.complaint(texts[issue.position][0], f"text {issue.message}") from None
        number, fault = locate([(issue.path or "", issue.message)], numbers) or (
            numbers[0],
            str(error),
        )
        raise source.complaint(number, fault) from None
    except TooLarge as error:
        number, longest = max(texts, key=lambda each: len(each[1]))
        raise source.complaint(
            number,
            f"text has {len(longest):,} characters; the limit is {error.limit:,}. "
            f"Split it, or raise {error.setting}",
        ) from None


def _check_names(source: Source, names: set[str], *, has_rows: bool) -> None:
    missing = sorted(source.reading.columns.demanded - names)
    if missing and has_rows:
        raise Complaint(
            f"{source.table.path}: has no column {missing[0]!r}; it has: {_name(sorted(names))}"
        )


def _tell_empty(source: Source, empty: Sequence[int], names: set[str]) -> str:
    rows = _name([str(number) for number in empty])
    return (
        f"{source.table.path}: neither text nor vector in {source.table.noun} {rows}. Name their "
        f"columns with --text-column and --vector-column (there are: {_name(sorted(names))}), or "
        "leave such rows out with --skip-empty"
    )


def _name(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (" and more" if len(names) > _MOST_NAMED else "")
