"""Model folders of a few kilobytes that look like sentence-transformers' own, but do not load."""

import json
from pathlib import Path
from typing import Any

CONFIG: dict[str, Any] = {
    "architectures": ["BertModel"],
    "hidden_size": 4,
    "max_position_embeddings": 512,
    "model_type": "bert",
    "transformers_version": "5.0.0",
}
MODULES: list[dict[str, Any]] = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {
        "idx": 2,
        "name": "2",
        "path": "2_Normalize",
        "type": "sentence_transformers.models.Normalize",
    },
]


def build_safetensors(values: bytes = b"\1\2\3\4\5\6\7\x08", **metadata: str) -> bytes:
    """A file of one float32 tensor that holds `values`."""
    tensor = {"dtype": "F32", "shape": [len(values) // 4], "data_offsets": [0, len(values)]}
    header = json.dumps({"__metadata__": {"format": "pt", **metadata}, "weight": tensor}).encode()
    return len(header).to_bytes(8, "little") + header + values


def write_model(folder: Path, files: dict[str, Any] | None = None) -> Path:
    """Write a whole model; `files` replaces or adds some, None as a content leaves one out."""
    contents: dict[str, Any] = {
        "modules.json": MODULES,
        "config.json": CONFIG,
        "config_sentence_transformers.json": {"__version__": {"pytorch": "2.0"}, "prompts": {}},
        "sentence_bert_config.json": {"max_seq_length": 256, "do_lower_case": False},
        "tokenizer.json": {"version": "1.0", "model": {"type": "WordPiece", "vocab": {"a": 0}}},
        "tokenizer_config.json": {"model_max_length": 512, "name_or_path": "someone/something"},
        "vocab.txt": "a\nb\n",
        "1_Pooling/config.json": {"embedding_dimension": 4, "pooling_mode": "mean"},
        "model.safetensors": build_safetensors(),
    }
    for name, content in {**contents, **(files or {})}.items():
        if content is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_as_bytes(content))
    return folder


def _as_bytes(content: Any) -> bytes:
    match content:
        case bytes():
            return content
        case str():
            return content.encode()
        case _:
            return json.dumps(content).encode()
