"""How many tokens a request has, before they are counted."""

from collections.abc import Sequence
from typing import Final

from embedding_service.inference.requests import TokenIds

_CHARS_PER_TOKEN: Final = 4
"""English prose has about as many; good enough to refuse by, and to cut by."""


def estimate_tokens(one: str | TokenIds, max_length: int | None) -> int:
    """Tokens that the model will read of one text, or of ids in its stead."""
    tokens = len(one) if not isinstance(one, str) else 1 + len(one) // _CHARS_PER_TOKEN
    return tokens if max_length is None else min(tokens, max_length)


def estimate_all(inputs: Sequence[str] | Sequence[TokenIds], max_length: int | None) -> int:
    """Tokens of all of them."""
    return sum(estimate_tokens(one, max_length) for one in inputs)
