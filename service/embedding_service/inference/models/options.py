"""Facts that a model folder's configuration files tell without loading the model."""

from pathlib import Path
from typing import Any

from embedding_service.inference.models.files import module_paths, read_json

_NO_BOUND = 10**9
"""Tokenizers without a maximum carry a number beyond this one."""


def read_matryoshka(folder: Path) -> bool:
    """Whether the model says it was trained for fewer dimensions than it has (arXiv:2205.13147)."""
    for name in ("config_sentence_transformers.json", "config.json"):
        config = _read_object(folder / name)
        if config.get("matryoshka_dimensions") or config.get("is_matryoshka"):
            return True
    return False


def read_max_length(folder: Path) -> int | None:
    """Tokens that sentence-transformers lets a text have, special ones included; None has no bound.

    The module's own setting stands as it is; a tokenizer's maximum is cut to the positions that
    the model has.
    """
    first = folder / (module_paths(folder) or [""])[0]
    module = _read_module(first)
    arguments = module.get("processor_kwargs") or module.get("tokenizer_args") or {}
    for chosen in (arguments.get("model_max_length"), module.get("max_seq_length")):
        if chosen is not None:
            return _as_bound(chosen)
    limits = [_read_object(first / "tokenizer_config.json").get("model_max_length")]
    config = _read_object(first / "config.json")
    limits.append(config.get("max_position_embeddings", config.get("n_positions")))
    bounds = [bound for limit in limits if (bound := _as_bound(limit)) is not None]
    return min(bounds, default=None)


def _read_module(folder: Path) -> dict[str, Any]:
    paths = sorted(folder.glob("sentence_*_config.json"))
    return _read_object(paths[0]) if paths else {}


def _as_bound(value: object) -> int | None:
    if not isinstance(value, int | float) or not 0 < value < _NO_BOUND:
        return None
    return int(value)


def _read_object(path: Path) -> dict[str, Any]:
    value = read_json(path)
    return value if isinstance(value, dict) else {}
