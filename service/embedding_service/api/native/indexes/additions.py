"""From a body to documents fit to add, and back to a verdict on each."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from embedding_service.api.native.indexes.metadata import fault_of as fault_of_metadata
from embedding_service.api.native.indexes.parameters import fault_of_id
from embedding_service.api.native.indexes.payloads import AddRequest, TextsToAdd
from embedding_service.errors import InvalidRequest, Issue, TooLarge
from embedding_service.inference.texts import MOST_ISSUES, check_texts
from embedding_service.retrieval.requests import Added, NewDocument
from embedding_service.settings import Limits, Settings

Place: TypeAlias = Callable[[int, str], str]
"""Path of a document's field in the body it came in, by position and name."""
_POSITION = re.compile(r"(?<=^documents\[)\d+(?=\])")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a body asks to add."""

    documents: Sequence[NewDocument]
    """Those that are right as far as can be told without the index."""
    positions: Sequence[int]
    """Theirs in the body."""
    count: int
    """Of documents in the body."""
    issues: Sequence[Issue]
    """What is wrong with the others."""
    is_atomic: bool


def draft_of(payload: AddRequest | TextsToAdd, settings: Settings) -> Draft:
    """The documents of `payload`.

    Raises:
        TooLarge: there are too many, or one's text is too long.
        InvalidRequest: something is wrong with one of them, and it is all or none.
    """
    given = _documents_of(payload)
    if len(given) > settings.max_texts:
        raise TooLarge(
            f"{len(given):,} documents in one request", settings.max_texts, "documents", "MAX_TEXTS"
        )
    is_atomic = isinstance(payload, TextsToAdd) or payload.atomic
    place = _place_of_text if isinstance(payload, TextsToAdd) else _place_of_field
    has_odd_texts = _has_odd_texts(given, settings)
    positions: list[int] = []
    issues: list[Issue] = []
    for position, document in enumerate(given):
        found = _faults_of(document, settings)
        if has_odd_texts and (fault := _fault_of_text(document, place(position, "text"), settings)):
            found.append(("text", fault))
        issues += [Issue(fault, path=place(position, field)) for field, fault in found]
        if not found:
            positions.append(position)
        elif is_atomic and len(issues) >= MOST_ISSUES:
            break
    if issues and is_atomic:
        raise _refusal(issues)
    documents = given if not issues else [given[position] for position in positions]
    return Draft(documents, positions, len(given), issues, is_atomic)


def build_answer(added: Added, draft: Draft) -> dict[str, Any]:
    """What became of each document in the body."""
    ids: list[str | None] = [None] * draft.count
    for position, given in zip(draft.positions, added.ids, strict=True):
        ids[position] = given
    answer = {
        "ids": ids,
        "count": sum(given is not None for given in ids),
        "version": added.version,
    }
    if issues := [*draft.issues, *(_replace(issue, draft.positions) for issue in added.issues)]:
        issues.sort(key=_position_of)
        answer["errors"] = [{"path": issue.path, "message": issue.message} for issue in issues]
    return answer


def _documents_of(payload: AddRequest | TextsToAdd) -> list[NewDocument]:
    if isinstance(payload, TextsToAdd):
        return [NewDocument(None, text, None, None) for text in payload.root]
    return [NewDocument(one.id, one.text, one.vector, one.metadata) for one in payload.documents]


def _faults_of(document: NewDocument, settings: Settings) -> list[tuple[str, str]]:
    """What is wrong with all but the text, by field; of none where it is the whole."""
    faults: list[tuple[str, str]] = []
    if document.id is not None and (fault := fault_of_id(document.id)):
        faults.append(("id", fault))
    if document.text is None and document.vector is None:
        faults.append(("", "needs a text or a vector"))
    if document.metadata is not None:
        fault = fault_of_metadata(document.metadata, settings.max_metadata_size)
        faults += [("metadata", fault)] if fault else []
    return faults


def _has_odd_texts(documents: Sequence[NewDocument], limits: Limits) -> bool:
    """Whether it is worth asking which; asking for all at once takes a fifth of the time."""
    texts = [document.text for document in documents if document.text is not None]
    try:
        check_texts(texts, limits)
    except (InvalidRequest, TooLarge):
        return bool(texts)
    return False


def _fault_of_text(document: NewDocument, path: str, limits: Limits) -> str | None:
    if document.text is None:
        return None
    if len(document.text) > limits.max_text_chars:
        raise TooLarge(
            f"{path} has {len(document.text):,} characters",
            limits.max_text_chars,
            "characters",
            "MAX_TEXT_CHARS",
        )
    try:
        check_texts([document.text], limits)
    except InvalidRequest as error:
        return error.issues[0].message
    return None


def _place_of_field(position: int, field: str) -> str:
    return f"documents[{position}].{field}" if field else f"documents[{position}]"


def _place_of_text(position: int, _field: str) -> str:
    return f"[{position}]"


def _refusal(issues: Sequence[Issue]) -> InvalidRequest:
    more = f" (and {len(issues) - 1} more)" if len(issues) > 1 else ""
    message = f"{issues[0].path}: {issues[0].message}{more}; nothing was added"
    return InvalidRequest(message, issues[:MOST_ISSUES])


def _replace(issue: Issue, positions: Sequence[int]) -> Issue:
    """`issue` by the body's positions instead of the draft's."""
    if issue.position is not None:
        path = _place_of_field(positions[issue.position], issue.path or "text")
    else:
        path = _POSITION.sub(lambda it: str(positions[int(it[0])]), issue.path or "documents")
    return replace(issue, position=None, path=path)


def _position_of(issue: Issue) -> int:
    found = _POSITION.search(issue.path or "")
    return int(found[0]) if found else 0
