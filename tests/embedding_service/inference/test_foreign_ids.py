"""Token ids of OpenAI's vocabulary become text, or are refused."""

import pytest

from embedding_service.errors import ModelUnavailable, TokenIdOutOfRange
from embedding_service.inference.foreign_ids import ForeignVocabulary
from served_models import tiktoken_cache


@pytest.fixture
def vocabulary(monkeypatch: pytest.MonkeyPatch) -> ForeignVocabulary:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tiktoken_cache()))
    return ForeignVocabulary("cl100k_base")


def test_ids_are_decoded(vocabulary: ForeignVocabulary) -> None:
    assert vocabulary.decode([[15339, 1917], [15339]]) == ["hello world", "hello"]


@pytest.mark.parametrize("bad", [100_300, 2**40, -1])
def test_ids_out_of_range_are_refused(vocabulary: ForeignVocabulary, bad: int) -> None:
    with pytest.raises(TokenIdOutOfRange, match="position 1"):
        vocabulary.decode([[15339], [bad]])


def test_a_vocabulary_that_cannot_be_had_says_where_to_put_it() -> None:
    with pytest.raises(ModelUnavailable, match="TIKTOKEN_CACHE_DIR"):
        ForeignVocabulary("no_such_base")
