"""Reads the whole input before anything is embedded: a fault in its last line is told at once."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from embedding_service.cli.bulk.inputs import Input
from embedding_service.cli.bulk.slices import FilledChunk, blank_numbers, without_blank
from embedding_service.cli.complaints import Complaint
from embedding_service.errors import InvalidRequest, TooLarge
from embedding_service.inference.texts import check_texts
from embedding_service.settings import Limits

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Survey:
    """What an input is, as a whole."""

    digest: str
    """Hex sha256 of the file."""
    texts: int
    skipped: int
    """Rows without a text, to be left out."""


def survey(source: Input, *, skip_empty: bool, limits: Limits) -> Survey:
    """Check every text of `source`. Raises Complaint with the lines or rows that are unfit."""
    limits = limits.model_copy(update={"allow_empty_texts": True, "max_texts": 2**62})
    digest = digest_of(source.path)
    texts, blank = 0, list[int]()
    for chunk in source.chunks():
        blank += blank_numbers(chunk)
        if blank and not skip_empty and len(blank) > _MOST_NAMED:
            break
        fit = without_blank(chunk)
        texts += len(fit.texts)
        if fit.texts:
            _check(fit, source, limits)
    if blank and not skip_empty:
        raise Complaint(
            f"{source.path}: empty or blank texts in {_name(blank, source.noun)}; "
            "remove them, or leave them out with --skip-empty"
        )
    if not texts:
        raise Complaint(f"{source.path}: has no texts")
    return Survey(digest, texts, len(blank))


def digest_of(path: Path) -> str:
    """Hex sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(chunk: FilledChunk, source: Input, limits: Limits) -> None:
    texts = chunk.texts
    try:
        check_texts(texts, limits)
    except InvalidRequest as error:
        numbers = [
            chunk.numbers[issue.position] for issue in error.issues if issue.position is not None
        ]
        named = _name(numbers, source.noun)
        raise Complaint(f"{source.path}: {named}: {error.issues[0].message}") from None
    except TooLarge as error:
        longest = max(range(len(texts)), key=lambda position: len(texts[position]))
        raise Complaint(
            f"{source.path}: {source.noun} {chunk.numbers[longest]} has {len(texts[longest]):,} "
            f"characters; the limit is {error.limit:,}. Split it, or raise {error.setting}"
        ) from None


def _name(numbers: list[int], noun: str) -> str:
    named = ", ".join(f"{number}" for number in numbers[:_MOST_NAMED])
    return f"{noun} {named}" + (" and more" if len(numbers) > _MOST_NAMED else "")
