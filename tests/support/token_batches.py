"""What a backend is given: models to load, texts as token ids, and batches drawn at random."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from embedding_service.inference.backends.base import Facts, Int32s, LoadSpec, TokenBatch
from served_models import MINILM, model_folder
from tiny_models import tiny_model


def load_spec(name: str, **wanted: Any) -> LoadSpec:
    """MiniLM or a tiny model, on the CPU, with one thread."""
    folder = model_folder(name) if name == MINILM else tiny_model(name)
    return LoadSpec("packed", str(folder), "cpu", 1, None, False, **wanted)


def batch_of(facts: Facts, texts: Sequence[str], prompt: str = "") -> TokenBatch:
    """Tokenise as the front does; the prompt is counted where the model leaves it out."""
    tokenizer = Tokenizer.from_str(facts.tokenizer)
    encodings = tokenizer.encode_batch([prompt + text for text in texts])
    skipped = len(tokenizer.encode(prompt).ids) - 1 if prompt and facts.leaves_prompt_out else 0
    return batch_of_ids([np.array(each.ids, dtype=np.int32) for each in encodings], skipped)


def batch_of_ids(
    ids: Sequence[Int32s], prompt_length: int = 0, max_texts: int = 1000
) -> TokenBatch:
    """Token ids as one run."""
    lengths = np.array([len(each) for each in ids], dtype=np.int32)
    skipped = np.full_like(lengths, prompt_length)
    return TokenBatch(np.concatenate(ids).astype(np.int32), lengths, skipped, max_texts)


def draw_ids(lengths: Sequence[int], vocabulary: int, seed: int) -> list[Int32s]:
    """A text of each length, its tokens from the whole vocabulary."""
    generator = np.random.default_rng(seed)
    return [generator.integers(vocabulary, size=length, dtype=np.int32) for length in lengths]
