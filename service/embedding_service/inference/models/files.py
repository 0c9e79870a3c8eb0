"""Which files of a model folder make its vectors. Works on names alone, on disk or on the hub."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

_OTHER_RUNTIMES = frozenset({"onnx", "openvino", "coreml"})
_UNUSED_SUFFIXES = frozenset(
    {".bin", ".gguf", ".h5", ".mlmodel", ".msgpack", ".onnx", ".ot", ".pb", ".tflite"}
)
_WEIGHTS = re.compile(r"(pytorch_|adapter_)?model(-\d+-of-\d+)?\.bin")
_SHARD = re.compile(r"-\d+-of-\d+$")

_ROOT_FILES = frozenset(
    {
        "adapter_config.json",
        "added_tokens.json",
        "config.json",
        "config_sentence_transformers.json",
        "merges.txt",
        "modules.json",
        "preprocessor_config.json",
        "processor_config.json",
        "router_config.json",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.json",
        "vocab.txt",
    }
)
_MODULE_SUFFIXES = frozenset({".jinja", ".json", ".model", ".tiktoken", ".txt"})


def list_names(folder: Path) -> list[str]:
    """Files below `folder`, parts joined by `/`, without hidden ones and other runtimes' copies."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not _is_foreign(name))


def weights_of(names: Iterable[str]) -> list[str]:
    """The weight files that would be loaded: safetensors, else the same weights pickled."""
    names = list(names)
    safe = [name for name in names if name.endswith(".safetensors")]
    families = {_family(name) for name in safe}
    pickled = (name for name in names if _WEIGHTS.fullmatch(PurePosixPath(name).name))
    return sorted([*safe, *(name for name in pickled if _family(name) not in families)])


def wanted_from_hub(names: Iterable[str]) -> list[str]:
    """What to download: all but other runtimes' weights and copies that would not be loaded."""
    names = [name for name in names if not _is_foreign(name)]
    weights = set(weights_of(names))
    return sorted(
        name
        for name in names
        if name in weights or PurePosixPath(name).suffix not in _UNUSED_SUFFIXES
    )


def vector_files(folder: Path) -> list[str]:
    """The files that make the vectors: weights, tokenizer, configurations and foreign code."""
    names = list_names(folder)
    modules = module_paths(folder)
    weights = {name for name in weights_of(names) if _is_in_module(name, modules)}
    brings_code = _brings_code(folder)
    return [
        name
        for name in names
        if name in weights
        or _is_configuration(name, modules)
        or (brings_code and name.endswith(".py"))
    ]


def module_paths(folder: Path) -> list[str]:
    """Folders of the model's modules, in order; the empty path is `folder` itself."""
    modules = read_json(folder / "modules.json")
    if not isinstance(modules, list):
        return [""]
    paths = [str(module.get("path", "")) for module in modules if isinstance(module, dict)]
    router = read_json(folder / "router_config.json")
    if isinstance(router, dict) and isinstance(router.get("types"), dict):
        paths.extend(str(path) for path in router["types"])
    return list(dict.fromkeys(paths))


def read_json(path: Path) -> Any:
    """Parsed content of `path`, None where there is no such file or no JSON in it."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _is_foreign(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(".") for part in parts) or bool(_OTHER_RUNTIMES & set(parts[:-1]))


def _family(name: str) -> tuple[str, str]:
    """The same for `pytorch_model-00001-of-00002.bin` and `model.safetensors` of one folder."""
    path = PurePosixPath(name)
    return str(path.parent), _SHARD.sub("", path.stem).removeprefix("pytorch_")


def _is_in_module(name: str, modules: Sequence[str]) -> bool:
    return any(name.startswith(f"{path}/") if path else "/" not in name for path in modules)


def _is_configuration(name: str, modules: Sequence[str]) -> bool:
    path = PurePosixPath(name)
    if "/" not in name:
        return (
            path.name in _ROOT_FILES
            or (path.name.startswith("sentence_") and path.name.endswith("_config.json"))
            or path.suffix in {".jinja", ".model", ".tiktoken"}
        )
    if not _is_in_module(name, modules):
        return False
    # A shard index repeats what the shards say.
    return path.suffix in _MODULE_SUFFIXES and not path.name.endswith(".index.json")


def _brings_code(folder: Path) -> bool:
    config = read_json(folder / "config.json")
    modules = read_json(folder / "modules.json")
    types = [
        str(module.get("type", ""))
        for module in (modules if isinstance(modules, list) else [])
        if isinstance(module, dict)
    ]
    return (isinstance(config, dict) and "auto_map" in config) or any(
        not name.startswith("sentence_transformers.") for name in types
    )
