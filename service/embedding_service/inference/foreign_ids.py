"""Token ids of OpenAI's vocabularies, decoded to text: what some clients send to any model."""

from collections.abc import Sequence

import tiktoken

from embedding_service.errors import ModelUnavailable, TokenIdOutOfRange
from embedding_service.inference.requests import TokenIds


class ForeignVocabulary:
    """One of tiktoken's encodings."""

    def __init__(self, name: str) -> None:
        """Load it, from TIKTOKEN_CACHE_DIR or else the net. Raises ModelUnavailable."""
        try:
            self._encoding = tiktoken.get_encoding(name)
        except Exception as error:  # tiktoken lets its HTTP library's errors through
            raise ModelUnavailable(
                name,
                f"the vocabulary {name} of token_ids cannot be had ({type(error).__name__}); "
                "put it into the folder that TIKTOKEN_CACHE_DIR names, or let the service reach it",
            ) from error

    def decode(self, lists: Sequence[TokenIds]) -> list[str]:
        """Text of each list. Raises TokenIdOutOfRange."""
        texts: list[str] = []
        for position, ids in enumerate(lists):
            try:
                texts.append(self._encoding.decode(ids))
            except (KeyError, OverflowError, ValueError) as error:
                raise TokenIdOutOfRange(
                    f"token ids at position {position} are not of {self._encoding.name}"
                ) from error
        return texts
