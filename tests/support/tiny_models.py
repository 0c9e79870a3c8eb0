"""Tiny sentence-transformers models with random weights: real architectures, 1 MB in all.

Made once for each machine by tiny_model_recipes.py, in a process of its own because it imports
torch, and kept outside the checkout under a digest of the recipe and of the libraries behind it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from environment import tool_environment

BERT = "tiny-bert"
"""Mean pooling, then Normalize; WordPiece."""
MPNET = "tiny-mpnet"
"""Mean pooling, vectors of any length; WordPiece."""
XLM_ROBERTA = "tiny-xlm-roberta"
"""Mean pooling, vectors of any length; Unigram."""
ROBERTA = "tiny-roberta"
"""The first token's state, then Dense and Normalize; byte-level BPE."""
DISTILBERT = "tiny-distilbert"
"""Mean and max pooling side by side, then Dense; WordPiece."""
ELECTRA = "tiny-electra"
"""Mean pooling; an architecture that is not packed."""
PROMPTS = "tiny-prompts"
"""Prompts `query`, `document` and `heading`; `document` is the default one."""
EXCLUDED_PROMPTS = "tiny-excluded-prompts"
"""Prompts `query` and `document`, whose tokens are left out of the pooling; no default one."""
MATRYOSHKA = "tiny-matryoshka"
"""Its config.json says `matryoshka_dimensions`."""
NAN = "tiny-nan"
"""NaN for every text that holds NAN_WORD."""
RAISING = "tiny-raising"
"""The forward raises for every batch that holds RAISING_WORD."""

NAMES = (
    BERT, MPNET, XLM_ROBERTA, PROMPTS, EXCLUDED_PROMPTS, MATRYOSHKA, NAN, RAISING,
    ROBERTA, DISTILBERT, ELECTRA,
)  # fmt: skip

NAN_WORD = "quicksand"
RAISING_WORD = "landmine"
MAX_LENGTH = 64
"""Tokens a text may have, special tokens included, in every tiny model."""
MATRYOSHKA_DIMENSIONS = (32, 16, 8)

_RECIPES = Path(__file__).with_name("tiny_model_recipes.py")
_VOCABULARIES = Path(__file__).with_name("tiny_vocabularies.py")
_LIBRARIES = ("sentence-transformers", "tokenizers", "torch", "transformers")


def tiny_model(name: str) -> Path:
    """The model's folder; all of them are made if this machine has none."""
    if name not in NAMES:
        raise ValueError(f"no tiny model is called {name!r}; there are {', '.join(NAMES)}")
    return _make_all() / name


def _make_all() -> Path:
    folder = _cache_folder() / _recipe_digest()
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The lock saves work, the rename makes it whole: a reader sees all models or none.
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix="unfinished-"))
            try:
                command = [sys.executable, str(_RECIPES), str(unfinished)]
                subprocess.run(command, check=True, env=tool_environment())
                unfinished.rename(folder)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _cache_folder() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "gpu-embedding" / "tiny-models"


def _recipe_digest() -> str:
    digest = hashlib.sha256()
    for source in (_RECIPES, _VOCABULARIES, Path(__file__)):
        digest.update(source.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library}=={version(library)}\n".encode())
    return digest.hexdigest()[:16]
