"""Requests are one line each, and every server's answer is read into rows."""

import pytest

from benchmarks.serving.stage.dialects import NAIVE, Dialect, speak_openai

OPENAI = speak_openai("/v1/embeddings", "a model")


@pytest.mark.parametrize("dialect", [NAIVE, OPENAI])
def test_a_request_is_one_line(dialect: Dialect) -> None:
    assert b"\n" not in dialect.build(["one\ntwo", "three"])


def test_rows_are_in_the_order_of_the_texts() -> None:
    assert NAIVE.parse(b'{"embeddings": [[1, 2], [3, 4]]}').tolist() == [[1, 2], [3, 4]]
    answer = b'{"data": [{"embedding": [1, 2]}, {"embedding": [3, 4]}]}'
    assert OPENAI.parse(answer).tolist() == [[1, 2], [3, 4]]


def test_a_request_names_the_model() -> None:
    assert OPENAI.build(["one"]) == b'{"model":"a model","input":["one"]}'
