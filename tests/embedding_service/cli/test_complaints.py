import pytest

from embedding_service.cli.complaints import Complaint, word
from embedding_service.errors import InvalidRequest


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Complaint("do this"), "do this"),
        (InvalidRequest("do this"), "do this"),
        (FileNotFoundError(2, "No such file", "a.txt"), "a.txt: No such file"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("cannot listen"), "cannot listen"),
    ],
)  # fmt: skip
def test_an_error_in_words(error: Exception, words: str) -> None:
    assert word(error) == words
