"""Which texts are fit to embed. Everybody who takes texts from outside asks here."""

from collections.abc import Sequence

from embedding_service.errors import InvalidRequest, Issue, TooLarge
from embedding_service.settings import Limits

MOST_ISSUES = 100
"""That are told of one kind: a request with 10,000 empty texts gets no answer of 1 MB."""

LONE_SURROGATE = "has a lone surrogate, which is no Unicode text"


def check_texts(texts: Sequence[str], limits: Limits) -> None:
    """Raise InvalidRequest with one issue per unfit text, or TooLarge.

    Refused are texts with NUL or a lone surrogate (PostgreSQL stores neither, UTF-8 has no
    surrogates and so the tokenizers choke on them), and empty or blank ones unless
    `limits.allow_empty_texts`.
    """
    if not texts:
        raise InvalidRequest("no texts given", [Issue("give at least one text")])
    if len(texts) > limits.max_texts:
        raise TooLarge(
            f"{len(texts):,} texts in one request", limits.max_texts, "texts", "MAX_TEXTS"
        )
    issues: list[Issue] = []
    for position, text in enumerate(texts):
        if len(text) > limits.max_text_chars:
            raise TooLarge(
                f"text {position} has {len(text):,} characters",
                limits.max_text_chars,
                "characters",
                "MAX_TEXT_CHARS",
            )
        fault = _fault_of(text, limits.allow_empty_texts)
        if fault is not None:
            issues.append(Issue(fault, position=position))
            if len(issues) == MOST_ISSUES:
                break
    if issues:
        positions = ", ".join(str(issue.position) for issue in issues[:10])
        raise InvalidRequest(f"unfit texts at positions {positions}: {issues[0].message}", issues)


def _fault_of(text: str, allow_empty: bool) -> str | None:
    if not allow_empty and (not text or text.isspace()):
        return "is empty or blank; leave it out, or set ALLOW_EMPTY_TEXTS=true"
    if "\0" in text:
        return "has a NUL character"
    if not text.isascii() and _has_surrogate(text):
        return LONE_SURROGATE
    return None


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
