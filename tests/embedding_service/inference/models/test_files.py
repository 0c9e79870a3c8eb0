from pathlib import Path

from embedding_service.inference.models.files import (
    list_names,
    module_paths,
    vector_files,
    wanted_from_hub,
    weights_of,
)
from model_folders import MODULES, write_model


def test_safetensors_go_before_pickles_of_the_same_weights() -> None:
    assert weights_of(["model.safetensors", "pytorch_model.bin"]) == ["model.safetensors"]


def test_a_pickle_that_has_no_safetensors_twin_counts() -> None:
    names = ["model.safetensors", "pytorch_model.bin", "2_Dense/pytorch_model.bin"]
    assert weights_of(names) == ["2_Dense/pytorch_model.bin", "model.safetensors"]


def test_shards_are_recognised_whatever_their_number() -> None:
    shards = ["model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors"]
    pickles = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"]
    assert weights_of([*shards, *pickles]) == shards
    assert weights_of(pickles) == pickles


def test_what_training_leaves_behind_is_no_weight() -> None:
    assert weights_of(["training_args.bin", "optimizer.bin", "openvino_model.bin"]) == []


def test_other_runtimes_and_unused_copies_are_not_fetched() -> None:
    needed = ["1_Pooling/config.json", "README.md", "config.json", "model.safetensors", "vocab.txt"]
    unused = [
        ".gitattributes",
        "coreml/model.mlpackage/Data/weights.bin",
        "flax_model.msgpack",
        "onnx/model.onnx",
        "openvino/openvino_model.xml",
        "pytorch_model.bin",
        "rust_model.ot",
        "tf_model.h5",
    ]
    assert wanted_from_hub([*unused, *needed]) == needed


def test_pickles_are_fetched_where_there_is_nothing_else() -> None:
    names = ["config.json", "pytorch_model.bin", "training_args.bin"]
    assert wanted_from_hub(names) == ["config.json", "pytorch_model.bin"]


def test_hidden_folders_and_other_runtimes_are_not_listed(tmp_path: Path) -> None:
    write_model(tmp_path, {".git/config": "x", "onnx/model.onnx": "x", "onnx/config.json": {}})
    assert not [name for name in list_names(tmp_path) if name.startswith((".git", "onnx"))]


def test_vectors_are_made_by_weights_tokenizer_and_configurations(tmp_path: Path) -> None:
    write_model(
        tmp_path,
        {
            "README.md": "x",
            "data_config.json": {},
            "eval/results.json": {},
            "train.py": "x",
            "1_Pooling/README.md": "x",
            "model.safetensors.index.json": {},
            "spiece.model": "x",
            "unigram.txt": "x",
        },
    )
    assert vector_files(tmp_path) == [
        "1_Pooling/config.json",
        "config.json",
        "config_sentence_transformers.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "spiece.model",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
    ]


def test_code_counts_when_the_model_brings_its_own(tmp_path: Path) -> None:
    by_config = write_model(tmp_path / "a", {"config.json": {"auto_map": {}}, "modeling.py": "x"})
    foreign = [{**MODULES[0], "type": "custom.Transformer"}]
    by_module = write_model(tmp_path / "b", {"modules.json": foreign, "custom.py": "x"})
    assert "modeling.py" in vector_files(by_config)
    assert "custom.py" in vector_files(by_module)


def test_a_folder_without_modules_is_one_module(tmp_path: Path) -> None:
    assert module_paths(write_model(tmp_path, {"modules.json": None})) == [""]


def test_a_routers_routes_are_modules_too(tmp_path: Path) -> None:
    router = {"types": {"query_0_StaticEmbedding": "x", "document_0_Transformer": "x"}}
    write_model(
        tmp_path,
        {
            "modules.json": [{**MODULES[0], "type": "sentence_transformers.models.Router"}],
            "router_config.json": router,
            "document_0_Transformer/model.safetensors": b"x",
            "elsewhere/model.safetensors": b"x",
        },
    )
    assert module_paths(tmp_path) == ["", "query_0_StaticEmbedding", "document_0_Transformer"]
    assert "document_0_Transformer/model.safetensors" in vector_files(tmp_path)
    assert "elsewhere/model.safetensors" not in vector_files(tmp_path)
