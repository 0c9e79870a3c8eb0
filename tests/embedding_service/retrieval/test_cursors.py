import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.errors import InvalidRequest
from embedding_service.retrieval.cursors import read_cursor, write_cursor

COUNTS = st.integers(0, 2**63 - 1)
SCORES = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(COUNTS, SCORES, COUNTS)
def test_a_cursor_comes_back_as_it_went(hits: int, score: float, key: int) -> None:
    assert read_cursor(write_cursor(hits, score, key), int, float, int) == [hits, score, key]


@given(st.text(max_size=40) | st.binary(max_size=20).map(bytes.hex))
def test_a_word_of_somebody_else_is_refused(word: str) -> None:
    with pytest.raises(InvalidRequest, match="is not from an answer of this service") as caught:
        read_cursor(word, int, float, int)
    assert [issue.path for issue in caught.value.issues] == ["cursor"]


@pytest.mark.parametrize(
    "word",
    [
        "",
        "é",
        "\ud800",
        write_cursor(1),
        write_cursor(1, 0.5, 2, 3),
        write_cursor(1, 1, 2),
        write_cursor(-1, 0.5, 2),
        write_cursor(2**63, 0.5, 2),
        write_cursor(True, 0.5, 2),
    ],
)
def test_a_cursor_of_another_shape_is_refused(word: str) -> None:
    with pytest.raises(InvalidRequest, match="is not from an answer of this service"):
        read_cursor(word, int, float, int)
