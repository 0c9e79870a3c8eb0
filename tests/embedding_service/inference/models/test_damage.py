import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from embedding_service.inference.models.damage import find_damage, find_missing
from model_folders import MODULES, build_safetensors, write_model

WHOLE = build_safetensors()


def build_pickle() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("archive/data.pkl", b"x" * 100)
    return content.getvalue()


def test_a_whole_model_has_no_faults(tmp_path: Path) -> None:
    write_model(tmp_path, {"2_Dense/pytorch_model.bin": build_pickle()})
    assert find_damage(tmp_path) == find_missing(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "model.safetensors: is empty"),
        (WHOLE[:-1], f"has {len(WHOLE) - 1:,} bytes where its header promises {len(WHOLE):,}"),
        (WHOLE + b"\0", "where its header promises"),
        (WHOLE[:20], "ends within it"),
        (WHOLE[:3], "ends within it"),
        (b"\xff" * 64, "has no safetensors header"),
        (b"\2\0\0\0\0\0\0\0{x", "has a header that cannot be read"),
        (b"\2\0\0\0\0\0\0\0[]", "has a header that cannot be read"),
        (b"\7\0\0\0\0\0\0\0{\"a\":1}", "has a header that cannot be read"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    ],
)  # fmt: skip
def test_finds_broken_safetensors(tmp_path: Path, content: bytes, fault: str) -> None:
    write_model(tmp_path, {"model.safetensors": content})
    (found,) = find_damage(tmp_path)
    assert fault in found


def test_finds_a_pickle_that_ends_too_early(tmp_path: Path) -> None:
    pickled = {"model.safetensors": None, "pytorch_model.bin": build_pickle()[:-5]}
    assert find_damage(write_model(tmp_path, pickled)) == ["pytorch_model.bin: ends too early"]


@pytest.mark.parametrize("name", ["config.json", "modules.json", "tokenizer.json"])
def test_finds_configuration_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    assert find_damage(write_model(tmp_path, {name: '{"a"'})) == [f"{name}: is no JSON"]


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"model.safetensors": None}, ["model.safetensors"]),
        ({"config.json": None}, ["config.json"]),
        ({"config.json": None, "adapter_config.json": {}}, []),
        ({"modules.json": None, "model.safetensors": None}, ["model.safetensors"]),
        (
            {"modules.json": [*MODULES, {"path": "2_Dense", "type": "a.b.Dense"}]},
            ["2_Dense/model.safetensors"],
        ),
    ],
)
def test_names_what_a_model_cannot_load_without(
    tmp_path: Path, files: dict[str, Any], missing: list[str]
) -> None:
    assert find_missing(write_model(tmp_path, files)) == missing
