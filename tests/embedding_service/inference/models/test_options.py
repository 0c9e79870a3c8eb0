from pathlib import Path
from typing import Any

import pytest

from embedding_service.inference.models.options import read_matryoshka, read_max_length
from embedding_service.inference.models.prompts import read_prompts
from loading_models import load_facts
from model_folders import CONFIG, write_model
from served_models import MINILM, model_folder
from tiny_models import BERT, MPNET, PROMPTS, XLM_ROBERTA, tiny_model

NO_MODULE = {"sentence_bert_config.json": None}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, False),
        ({"config.json": {**CONFIG, "is_matryoshka": True}}, True),
        ({"config.json": {**CONFIG, "matryoshka_dimensions": [256, 128]}}, True),
        ({"config_sentence_transformers.json": {"matryoshka_dimensions": [64]}}, True),
        ({"config_sentence_transformers.json": {"is_matryoshka": False}}, False),
        ({"config.json": None, "config_sentence_transformers.json": "[]"}, False),
    ],
)
def test_matryoshka_is_what_the_configuration_says(
    tmp_path: Path, files: dict[str, Any], expected: bool
) -> None:
    assert read_matryoshka(write_model(tmp_path, files)) is expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 256),
        ({"sentence_bert_config.json": {"max_seq_length": 1024}}, 1024),
        ({"sentence_bert_config.json": {"tokenizer_args": {"model_max_length": 100}}}, 100),
        (NO_MODULE, 512),
        ({**NO_MODULE, "sentence_xlnet_config.json": {"max_seq_length": 75}}, 75),
        ({**NO_MODULE, "tokenizer_config.json": {"model_max_length": 128}}, 128),
        ({**NO_MODULE, "tokenizer_config.json": {"model_max_length": 10**30}}, 512),
        ({**NO_MODULE, "tokenizer_config.json": {}, "config.json": {"n_positions": 300}}, 300),
        ({**NO_MODULE, "tokenizer_config.json": {}, "config.json": {}}, None),
        (
            {
                **NO_MODULE,
                "tokenizer_config.json": {"model_max_length": 700},
                "config.json": {"max_position_embeddings": -1},
            },
            700,
        ),
    ],
)
def test_max_length_is_the_one_sentence_transformers_would_use(
    tmp_path: Path, files: dict[str, Any], expected: int | None
) -> None:
    assert read_max_length(write_model(tmp_path, files)) == expected


def test_max_length_is_read_where_the_first_module_lives(tmp_path: Path) -> None:
    module = {"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}
    files = {
        "modules.json": [module],
        "0_Transformer/sentence_bert_config.json": {"max_seq_length": 99},
    }
    assert read_max_length(write_model(tmp_path, files)) == 99


@pytest.mark.real_model
def test_reads_of_folders_what_loading_them_gives() -> None:
    names = (BERT, MPNET, XLM_ROBERTA, PROMPTS)
    folders = [model_folder(MINILM), *(tiny_model(name) for name in names)]
    for folder, facts in load_facts(folders).items():
        prompts, default = read_prompts(folder)
        read = {"prompts": prompts, "default_prompt_name": default}
        assert facts == {"max_length": read_max_length(folder), **read}
