"""The field that every embedding request has: one text or several, or token ids in their stead."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias, cast

from pydantic import Field, WithJsonSchema

from embedding_service.errors import InvalidRequest, Issue, TooLarge
from embedding_service.inference.requests import TokenIds
from embedding_service.inference.texts import MOST_ISSUES, check_texts
from embedding_service.settings import Limits

_TEXT_SCHEMA = {"type": "string", "minLength": 1, "pattern": r"^[^\u0000]*\S[^\u0000]*$"}
_IDS_SCHEMA = {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}}


def _many(item: dict[str, object]) -> dict[str, object]:
    return {"type": "array", "minItems": 1, "items": item}


Text: TypeAlias = Annotated[str, WithJsonSchema(_TEXT_SCHEMA)]
"""One text."""
# A wrong item ends the check of its member of the union: 10,000 lists of ids are no 10,000 bad
# texts.
TextList: TypeAlias = Annotated[list[str], Field(fail_fast=True)]
IdList: TypeAlias = Annotated[list[int], Field(fail_fast=True)]
Texts: TypeAlias = Annotated[
    str | TextList,
    Field(union_mode="left_to_right"),
    WithJsonSchema({"anyOf": [_TEXT_SCHEMA, _many(_TEXT_SCHEMA)]}),
]
TextsOrIds: TypeAlias = Annotated[
    str | TextList | IdList | Annotated[list[IdList], Field(fail_fast=True)],
    Field(union_mode="left_to_right"),
    WithJsonSchema({"anyOf": [_TEXT_SCHEMA, _many(_TEXT_SCHEMA), _IDS_SCHEMA, _many(_IDS_SCHEMA)]}),
]
Ids: TypeAlias = Annotated[
    IdList | Annotated[list[IdList], Field(fail_fast=True)],
    Field(union_mode="left_to_right"),
    WithJsonSchema({"anyOf": [_IDS_SCHEMA, _many(_IDS_SCHEMA)]}),
]


def checked_texts(texts: str | list[str], limits: Limits) -> list[str]:
    """The texts as a list, fit to embed. Raises InvalidRequest, TooLarge."""
    several = [texts] if isinstance(texts, str) else texts
    check_texts(several, limits)
    return several


def checked_inputs(
    inputs: str | list[str] | list[int] | list[list[int]], limits: Limits
) -> list[str] | list[TokenIds]:
    """The inputs as a list of texts or of lists of ids. Raises InvalidRequest, TooLarge."""
    if isinstance(inputs, str) or not inputs or isinstance(inputs[0], str):
        return checked_texts(cast("str | list[str]", inputs), limits)
    return checked_ids(inputs, limits)


def checked_ids(ids: list[int] | list[list[int]], limits: Limits) -> list[TokenIds]:
    """The ids as a list of lists; whether the model has them is the embedder's to tell."""
    is_single = bool(ids) and isinstance(ids[0], int)
    several = cast("list[TokenIds]", [ids] if is_single else ids)
    if not several:
        raise InvalidRequest("no token ids given", [Issue("give at least one list of token ids")])
    if len(several) > limits.max_texts:
        raise TooLarge(
            f"{len(several):,} lists of token ids in one request",
            limits.max_texts,
            "lists",
            "MAX_TEXTS",
        )
    longest = max(len(one) for one in several)
    if longest > limits.max_text_chars:
        raise TooLarge(f"{longest:,} token ids", limits.max_text_chars, "ids", "MAX_TEXT_CHARS")
    _check_not_empty(several, limits)
    return several


def _check_not_empty(several: Sequence[TokenIds], limits: Limits) -> None:
    empty = [] if limits.allow_empty_texts else [i for i, one in enumerate(several) if not one]
    if empty:
        message = "is an empty list of token ids; leave it out, or set ALLOW_EMPTY_TEXTS=true"
        issues = [Issue(message, position=position) for position in empty[:MOST_ISSUES]]
        raise InvalidRequest(f"empty lists of token ids, the first at position {empty[0]}", issues)


def size_of(inputs: Sequence[str] | Sequence[TokenIds]) -> int:
    """Characters, or token ids where those were given."""
    return sum(len(one) for one in inputs)
