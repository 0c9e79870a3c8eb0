"""Texts have the lengths that their set promises, and are the same every time."""

from statistics import mean

import pytest

from benchmarks.serving.loads import make_bodies, make_equal_bodies
from benchmarks.serving.models import find_minilm
from benchmarks.serving.texts import Writer, read_tokenizer


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(read_tokenizer(find_minilm().folder))


@pytest.mark.parametrize(("name", "least", "most"), [("short", 8, 16), ("medium", 100, 100)])
def test_a_set_keeps_its_lengths(writer: Writer, name: str, least: int, most: int) -> None:
    words = [len(text.split()) for text in writer.write_set(name, 200)]
    assert (min(words), max(words)) == (least, most)


def test_mixed_is_mostly_short(writer: Writer) -> None:
    words = [len(text.split()) for text in writer.write_set("mixed", 1_000)]
    assert 0.55 < mean(each <= 16 for each in words) < 0.65
    assert 0.05 < mean(each > 160 for each in words) < 0.15


def test_every_run_has_the_same_texts(writer: Writer) -> None:
    again = Writer(read_tokenizer(find_minilm().folder))
    assert writer.write_set("mixed", 5) == again.write_set("mixed", 5)


def test_a_word_is_more_than_one_token() -> None:
    bodies = make_bodies(find_minilm(), "medium", 50)
    assert 130 < mean(each for (each,) in bodies.tokens) < 140


def test_texts_of_equal_length_have_exactly_so_many_tokens() -> None:
    bodies = make_equal_bodies(find_minilm(), 17, 4, batch=2)
    assert bodies.tokens == [[17, 17]] * 4
    assert bodies.batch == 2


def test_what_the_model_does_not_read_does_not_count() -> None:
    assert make_equal_bodies(find_minilm(), 400, 1).tokens == [[256]]
