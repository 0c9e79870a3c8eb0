"""What is missing or broken in a model folder, found without loading it."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from embedding_service.inference.models.files import list_names, read_json, weights_of

_LEARNED = frozenset({"CNN", "Dense", "LSTM", "LayerNorm", "StaticEmbedding", "Transformer"})
"""Module classes that cannot load without a weight file."""
_PARSED = ("config.json", "modules.json", "tokenizer.json")
_LARGEST_HEADER = 100_000_000
_LFS_POINTER = b"version https://git-lfs"


def find_missing(folder: Path) -> list[str]:
    """Files without which the model in `folder` cannot load; empty when all are there."""
    modules = read_json(folder / "modules.json")
    if not isinstance(modules, list):
        modules = [{"path": "", "type": "Transformer"}]
    weighted = {Path(name).parent for name in weights_of(list_names(folder))}
    missing = []
    for module in modules:
        path = Path(str(module.get("path", "")))
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind == "Transformer" and not _has_configuration(folder / path):
            missing.append((path / "config.json").as_posix())
        if kind in _LEARNED and path not in weighted:
            missing.append((path / "model.safetensors").as_posix())
    return missing


def find_damage(folder: Path) -> list[str]:
    """Files that are there and cannot be read, each with what is wrong with it."""
    faults = [
        f"{name}: is no JSON"
        for name in _PARSED
        if (folder / name).is_file() and read_json(folder / name) is None
    ]
    for name in weights_of(list_names(folder)):
        faults.extend(f"{name}: {fault}" for fault in _faults_of_weights(folder / name))
    return faults


def _has_configuration(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("config.json", "adapter_config.json"))


def _faults_of_weights(path: Path) -> Iterator[str]:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(len(_LFS_POINTER))
    if not size:
        yield "is empty"
    elif start == _LFS_POINTER:
        yield "is a Git LFS pointer, not the weights; run `git lfs pull` in that folder"
    elif path.suffix == ".safetensors":
        yield from _faults_of_safetensors(path, size)
    elif start.startswith(b"PK") and not zipfile.is_zipfile(path):
        yield "ends too early"


def _faults_of_safetensors(path: Path, size: int) -> Iterator[str]:
    """Compare the size with what the header promises: 8 bytes of its length, itself, tensors."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= min(size - 8, _LARGEST_HEADER):
            yield "has no safetensors header, or ends within it"
            return
        header = file.read(length)
    try:
        tensors = json.loads(header)
        ends = [
            int(tensor["data_offsets"][1])
            for name, tensor in tensors.items()
            if name != "__metadata__"
        ]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        yield "has a header that cannot be read"
        return
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        yield f"has {size:,} bytes where its header promises {expected:,}"
