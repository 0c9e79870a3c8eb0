from pathlib import Path

import pytest

from embedding_service.errors import InvalidRequest
from embedding_service.inference.models.prompts import (
    choose_prompt,
    complete_prompts,
    read_prompts,
)
from embedding_service.inference.requests import InputType
from model_folders import write_model

E5 = {"query": "query: ", "document": "", "passage": "passage: "}
NOMIC = {"query": "search_query: ", "document": "search_document: ", "cluster": "clustering: "}


def test_a_query_takes_the_query_prompt() -> None:
    assert choose_prompt(NOMIC, None, "query", None) == "search_query: "


def test_a_document_takes_the_document_prompt() -> None:
    assert choose_prompt(NOMIC, None, "document", None) == "search_document: "


@pytest.mark.parametrize("name", ["document", "passage", "corpus"])
def test_a_document_takes_the_first_of_the_names_in_use(name: str) -> None:
    later = {"document": "1", "passage": "2", "corpus": "3"}
    names = list(later)
    prompts = {known: later[known] for known in names[names.index(name) :]}
    assert choose_prompt(prompts, None, "document", None) == later[name]


def test_an_empty_document_prompt_keeps_passage_and_default_away() -> None:
    assert choose_prompt(E5, "query", "document", None) == ""


def test_the_default_serves_when_nothing_was_asked_for() -> None:
    assert choose_prompt(NOMIC, "cluster", None, None) == "clustering: "


def test_there_is_no_prompt_without_a_default() -> None:
    assert choose_prompt(NOMIC, None, None, None) == ""


def test_a_default_that_is_missing_is_none() -> None:
    assert choose_prompt({}, "cluster", None, None) == ""


@pytest.mark.parametrize("input_type", ["query", "document"])
def test_the_default_serves_a_type_the_model_does_not_know(input_type: InputType) -> None:
    assert choose_prompt({"x": "X: "}, "x", input_type, None) == "X: "


@pytest.mark.parametrize("input_type", ["query", "document", None])
def test_a_name_goes_before_the_type(input_type: InputType | None) -> None:
    assert choose_prompt(NOMIC, "query", input_type, "cluster") == "clustering: "


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidRequest, match="it has: cluster, document, query") as caught:
        choose_prompt(NOMIC, None, None, "secret text")
    assert caught.value.issues[0].path == "prompt_name"
    assert "secret" not in str(caught.value)


def test_a_model_without_prompts_says_so() -> None:
    with pytest.raises(InvalidRequest, match="it has: none"):
        choose_prompt({}, None, None, "query")


def test_completed_prompts_keep_what_is_there() -> None:
    assert complete_prompts({"query": "q: "}) == {"query": "q: ", "document": ""}


def test_reads_what_the_model_saved(tmp_path: Path) -> None:
    saved = {"prompts": {"query": "q: ", "odd": None}, "default_prompt_name": "query"}
    write_model(tmp_path, {"config_sentence_transformers.json": saved})
    assert read_prompts(tmp_path) == ({"query": "q: ", "document": "", "odd": ""}, "query")


@pytest.mark.parametrize(
    "files",
    [
        {"config_sentence_transformers.json": None},
        {
            "config_sentence_transformers.json": {
                "model_type": "SparseEncoder",
                "prompts": {"a": ""},
            }
        },
        {"config_sentence_transformers.json": {"prompts": {"a": "b"}}, "modules.json": None},
        {"config_sentence_transformers.json": {"prompts": None}},
    ],
)
def test_has_only_empty_prompts_otherwise(tmp_path: Path, files: dict[str, object]) -> None:
    assert read_prompts(write_model(tmp_path, files)) == ({"query": "", "document": ""}, None)
