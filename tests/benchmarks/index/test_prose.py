"""Sentences of docstrings, and nothing that is none."""

import pytest

from benchmarks.index.prose import split_sentences


def test_a_paragraph_is_its_sentences() -> None:
    text = "The index is made\nonce and kept. It is never changed after that!\n\nNo verb"
    assert list(split_sentences(text)) == [
        "The index is made once and kept.",
        "It is never changed after that!",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Too short.",
        "Antidisestablishmentarianisms only here.",
        "a small letter begins what is no sentence.",
        "The tables | have | cells | that are | no prose.",
        "x = y + z where all of these are numbers.",
        "Parameters ---------- X : array-like of vectors to be scored.",
    ],
)
def test_what_is_no_prose_is_left_out(text: str) -> None:
    assert list(split_sentences(text)) == []
