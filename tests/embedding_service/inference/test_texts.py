import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.errors import InvalidRequest, TooLarge
from embedding_service.inference.texts import check_texts
from embedding_service.settings import Limits

LIMITS = Limits()
CANARY = "the-secret-of-a-user"

FIT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: not text.isspace()
)
BLANK = st.text(st.sampled_from(" \t\r\n\u2003\u3000"), max_size=5)
SURROUNDED = st.tuples(st.text(max_size=3), st.sampled_from(["\0", "\ud800", "\udfff"]), FIT)
DAMAGED = SURROUNDED.map("".join)


@given(st.lists(FIT, min_size=1))
def test_fit_texts_pass(texts: list[str]) -> None:
    check_texts(texts, LIMITS)


@given(st.lists(st.one_of(FIT, BLANK, DAMAGED), min_size=1))
def test_every_unfit_text_is_named_by_its_position(texts: list[str]) -> None:
    unfit = [
        position
        for position, text in enumerate(texts)
        if not text.strip() or "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)
    ]
    if not unfit:
        check_texts(texts, LIMITS)
        return
    with pytest.raises(InvalidRequest) as caught:
        check_texts(texts, LIMITS)
    assert [issue.position for issue in caught.value.issues] == unfit


@given(st.lists(BLANK, min_size=1))
def test_blank_texts_pass_where_they_are_allowed(texts: list[str]) -> None:
    check_texts(texts, Limits(allow_empty_texts=True))


@given(DAMAGED)
def test_damaged_texts_are_refused_even_where_blank_ones_are_allowed(text: str) -> None:
    with pytest.raises(InvalidRequest):
        check_texts([text], Limits(allow_empty_texts=True))


def test_no_texts_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="no texts given"):
        check_texts([], LIMITS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ALLOW_EMPTY_TEXTS"),
        (" \n", "ALLOW_EMPTY_TEXTS"),
        ("a\0b", "NUL"),
        ("a\ud800b", "lone surrogate"),
    ],
)
def test_the_issue_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_texts(["fine", text], LIMITS)
    (issue,) = caught.value.issues
    assert issue.position == 1
    assert message in issue.message
    assert message in caught.value.message


def test_the_limits_are_reached_before_they_are_passed() -> None:
    check_texts(["abc", "abc"], Limits(max_texts=2, max_text_chars=3))


def test_too_many_texts_name_the_limit_and_its_setting() -> None:
    with pytest.raises(TooLarge, match=r"3 texts .* limit is 2 texts.* MAX_TEXTS") as caught:
        check_texts(["a"] * 3, Limits(max_texts=2))
    assert (caught.value.limit, caught.value.setting) == (2, "MAX_TEXTS")


def test_a_text_of_too_many_characters_names_its_position_and_the_setting() -> None:
    with pytest.raises(TooLarge, match=r"text 1 has 4 .* limit is 3 .* MAX_TEXT_CHARS"):
        check_texts(["abc", "abcd"], Limits(max_text_chars=3))


def test_a_request_of_nothing_but_unfit_texts_gets_a_bounded_answer() -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_texts([""] * 10_000, LIMITS)
    assert len(caught.value.issues) == 100
    assert len(caught.value.message) < 300


def test_no_error_quotes_a_text() -> None:
    texts = [f"{CANARY}\0", f"{CANARY}\ud800"]
    with pytest.raises(InvalidRequest) as caught:
        check_texts(texts, LIMITS)
    assert CANARY not in repr((caught.value, caught.value.issues))
    with pytest.raises(TooLarge) as too_large:
        check_texts([CANARY], Limits(max_text_chars=3))
    assert CANARY not in str(too_large.value)
