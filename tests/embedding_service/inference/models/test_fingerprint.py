import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedding_service.inference.models.fingerprint import (
    digest_files,
    fingerprint,
    fingerprint_of_hashing,
)
from model_folders import CONFIG, MODULES, build_safetensors, write_model


def take(
    folder: Path,
    max_length: int | None = 256,
    prompts: Mapping[str, str] | None = None,
    default_prompt_name: str | None = None,
) -> str:
    return fingerprint(
        digest_files(folder),
        max_length=max_length,
        prompts=prompts or {},
        default_prompt_name=default_prompt_name,
    )


@pytest.fixture
def original(tmp_path: Path) -> str:
    return take(write_model(tmp_path / "original"))


def test_is_a_hex_sha256(original: str) -> None:
    assert len(bytes.fromhex(original)) == 32


def test_a_copied_folder_is_the_same_model(tmp_path: Path, original: str) -> None:
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    assert take(tmp_path / "copy") == original


def test_a_folder_of_links_is_the_same_model(tmp_path: Path, original: str) -> None:
    linked = tmp_path / "linked"
    (linked / "1_Pooling").mkdir(parents=True)
    for path in (tmp_path / "original").rglob("*.*"):
        (linked / path.relative_to(tmp_path / "original")).symlink_to(path)
    assert take(linked) == original


IRRELEVANT: dict[str, dict[str, Any]] = {
    "a readme": {"README.md": "# model"},
    "an onnx copy": {"onnx/model.onnx": b"x", "onnx/config.json": {"a": 1}},
    "a git folder": {".git/HEAD": "ref: refs/heads/main", ".gitattributes": "*"},
    "a cache": {".cache/huggingface/download/config.json.metadata": "x"},
    "a pickled copy": {"pytorch_model.bin": b"x"},
    "another library version": {"config.json": {**CONFIG, "transformers_version": "9"}},
    "another origin": {"config.json": {**CONFIG, "_name_or_path": "me/copy"}},
    "another float type": {"config.json": {**CONFIG, "torch_dtype": "bfloat16"}},
    "the newer name of the float type": {"config.json": {**CONFIG, "dtype": "float16"}},
    "another order of keys": {"config.json": dict(reversed(CONFIG.items()))},
    "a float type further in": {"config.json": {**CONFIG, "text_config": {}, "dtype": "float16"}},
    "other saved versions": {
        "config_sentence_transformers.json": {"__version__": {"pytorch": "3"}},
    },
    "results of an evaluation": {"eval/results.json": {"a": 1}, "data_config.json": {}},
}
RELEVANT: dict[str, dict[str, Any]] = {
    "weights": {"model.safetensors": build_safetensors(b"\0\2\3\4\5\6\7\x08")},
    "the vocabulary": {"vocab.txt": "b\na\n"},
    "the tokenizer": {"tokenizer.json": {"model": {"type": "WordPiece", "vocab": {"b": 0}}}},
    "the tokenizer's options": {"tokenizer_config.json": {"do_lower_case": False}},
    "pooling": {"1_Pooling/config.json": {"embedding_dimension": 4, "pooling_mode": "cls"}},
    "the list of modules": {"modules.json": MODULES[:2]},
    "the architecture": {"config.json": {**CONFIG, "hidden_act": "relu"}},
    "a further module": {"2_Dense/model.safetensors": b"x", "modules.json": [*MODULES, {
        "idx": 3, "name": "3", "path": "2_Dense", "type": "sentence_transformers.models.Dense",
    }]},
    "the default number of dimensions": {"config_sentence_transformers.json": {"truncate_dim": 2}},
    "a broken configuration": {"1_Pooling/config.json": "{"},
}  # fmt: skip


@pytest.mark.parametrize("files", IRRELEVANT.values(), ids=IRRELEVANT.keys())
def test_stays(tmp_path: Path, original: str, files: dict[str, Any]) -> None:
    if "text_config" in files.get("config.json", {}):
        before = {"config.json": {**CONFIG, "text_config": {"dtype": "float32"}}}
        original = take(write_model(tmp_path / "nested", before))
    assert take(write_model(tmp_path / "other", files)) == original


@pytest.mark.parametrize("files", RELEVANT.values(), ids=RELEVANT.keys())
def test_changes(tmp_path: Path, original: str, files: dict[str, Any]) -> None:
    assert take(write_model(tmp_path / "other", files)) != original


def test_pickled_weights_count_where_there_are_no_others(tmp_path: Path) -> None:
    without = {"model.safetensors": None}
    one = take(write_model(tmp_path / "a", {**without, "pytorch_model.bin": b"1"}))
    other = take(write_model(tmp_path / "b", {**without, "pytorch_model.bin": b"2"}))
    assert one != other


def test_empty_prompts_are_no_prompts(tmp_path: Path, original: str) -> None:
    assert take(tmp_path / "original", prompts={"query": "", "document": ""}) == original


names = st.text(min_size=1, max_size=8)
effects = st.tuples(
    st.none() | st.integers(1, 9000),
    st.dictionaries(names, st.text(min_size=1, max_size=8), max_size=3),
    st.none() | names,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(one=effects, other=effects)
def test_is_equal_exactly_when_length_and_prompts_are(
    tmp_path: Path, one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    folder = write_model(tmp_path / "model")
    assert (take(folder, *one) == take(folder, *other)) == (one == other)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(one=st.binary(min_size=4, max_size=16), other=st.binary(min_size=4, max_size=16))
def test_is_equal_exactly_when_the_weights_are(tmp_path: Path, one: bytes, other: bytes) -> None:
    prints = []
    for values in (one, other):
        write_model(tmp_path / "model", {"model.safetensors": build_safetensors(values)})
        prints.append(take(tmp_path / "model"))
    assert (prints[0] == prints[1]) == (one == other)


@settings(deadline=None)
@given(one=st.integers(1, 65_536), other=st.integers(1, 65_536))
def test_hashing_models_differ_by_dimension(one: int, other: int) -> None:
    assert (fingerprint_of_hashing(one) == fingerprint_of_hashing(other)) == (one == other)


def test_hashing_models_differ_by_length() -> None:
    assert fingerprint_of_hashing(8, 16) != fingerprint_of_hashing(8)
