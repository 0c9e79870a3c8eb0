"""The identity of a model: two models with one fingerprint give the same vectors.

It covers weights, tokenizer, module configurations, prompts and maximum length. It leaves out where
the model came from, its revision, the float type it runs in and the libraries that saved it, so a
copied folder is the same model, and so is one that fell back from bfloat16 on a GPU to the CPU.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from embedding_service.inference.models.files import vector_files
from embedding_service.inference.models.prompts import complete_prompts

_VERSION = 1
"""Raised when the same folder would get another fingerprint: indexes compare for equality."""

_NOISE = frozenset(
    {
        "__version__",
        "_attn_implementation_autoset",
        "_commit_hash",
        "_name_or_path",
        "dtype",
        "is_local",
        "local_files_only",
        "name_or_path",
        "requirements",
        "similarity_fn_name",
        "special_tokens_map_file",
        "tokenizer_file",
        "torch_dtype",
        "transformers_version",
    }
)
"""Keys of configuration files that do not change vectors."""
_PROMPT_KEYS = frozenset({"prompts", "default_prompt_name"})
_LARGE = frozenset({"tokenizer.json", "vocab.json"})
"""Hashed as they are: no library writes its version into them, and parsing them is slow."""


def digest_files(folder: Path) -> dict[str, str]:
    """Of every file that vectors depend on; reads every weight, so call it in a thread.

    `folder` is what `sources.locate` gave.
    """
    return {name: _digest(folder, name) for name in vector_files(folder)}


def fingerprint(
    files: Mapping[str, str],
    *,
    max_length: int | None,
    prompts: Mapping[str, str],
    default_prompt_name: str | None,
) -> str:
    """Hex sha256 of a model.

    Args:
        files: what `digest_files` gave.
        max_length: tokens of a text in effect, options included; None has no bound.
        prompts: the prompts in effect, by name.
        default_prompt_name: the prompt that a request without one takes.
    """
    return _seal(
        {
            "files": dict(files),
            "max_length": max_length,
            "prompts": complete_prompts(prompts),
            "default_prompt_name": default_prompt_name,
        }
    )


def fingerprint_of_hashing(dimension: int, max_length: int | None = None) -> str:
    """Hex sha256 of `hashing:DIM`; `max_length` is None unless an option changes it."""
    return _seal({"hashing": dimension, "max_length": max_length})


def _seal(values: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical({"version": _VERSION, **values})).hexdigest()


def _digest(folder: Path, name: str) -> str:
    path = folder / name
    if path.suffix == ".json" and path.name not in _LARGE:
        content = path.read_bytes()
        try:
            values = json.loads(content)
        except ValueError:
            return hashlib.sha256(content).hexdigest()
        ignored = _NOISE | _PROMPT_KEYS if name == "config_sentence_transformers.json" else _NOISE
        return hashlib.sha256(_canonical(_without(values, ignored))).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _without(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, keys) for key, inner in value.items() if key not in keys}
    if isinstance(value, list):
        return [_without(inner, keys) for inner in value]
    return value


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
