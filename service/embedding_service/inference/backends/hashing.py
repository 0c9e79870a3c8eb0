"""Deterministic vectors without weights, for demos of the plumbing and for tests.

A text's vector is the sum of one pseudo-random direction for each of its words (feature hashing,
Weinberger et al., ICML 2009), so texts that share words are near each other; nothing else about
their meaning is in it. The tokenizer has one token for each byte, so that everything around the
model works as with a real one.
"""

import hashlib
from functools import lru_cache

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from embedding_service.inference.backends.base import Facts, LoadSpec, TokenBatch
from embedding_service.vectors import Matrix

MAX_LENGTH = 2048
"""Tokens, which here are bytes, of a text."""
_SPECIALS = ("<s>", "</s>")


class HashingBackend:
    """`hashing:DIM`."""

    def __init__(self, dimension: int, max_length: int | None = None) -> None:
        tokenizer = _build_tokenizer()
        self.facts = Facts(
            dimension=dimension,
            max_length=max_length or MAX_LENGTH,
            architecture="Hashing",
            pooling="sum",
            backend="hashing",
            device="cpu",
            device_name="cpu",
            device_count=0,
            device_bytes=0,
            dtype="float32",
            leaves_prompt_out=False,
            vocabulary_size=tokenizer.get_vocab_size(),
            tokenizer=tokenizer.to_str(),
            prompts={},
            default_prompt_name=None,
            versions={},
        )
        self._blank, self._blanks_to_blank = _build_blanks(tokenizer)
        self._direction = lru_cache(maxsize=65_536)(self._draw_direction)

    def forward(self, batch: TokenBatch) -> Matrix:
        """Embed; see Backend.forward."""
        matrix = np.zeros((len(batch.lengths), self.facts.dimension), dtype=np.float32)
        start = 0
        for row, length in enumerate(batch.lengths.tolist()):
            ids = batch.ids[start : start + length]
            start += length
            letters = (ids[ids >= len(_SPECIALS)] - len(_SPECIALS)).astype(np.uint8).tobytes()
            words = letters.translate(self._blanks_to_blank).split(self._blank)
            for word in [word for word in words if word] or [b""]:
                matrix[row] += self._direction(word)
        return matrix

    def _draw_direction(self, word: bytes) -> Matrix:
        seed = int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "little")
        return np.random.default_rng(seed).standard_normal(self.facts.dimension, dtype=np.float32)

    def prepare_worker(self, threads: int) -> None:
        """Nothing to prepare."""

    def is_out_of_memory(self, error: Exception) -> bool:
        """Tell whether a smaller batch might succeed."""
        return isinstance(error, MemoryError)

    def is_fatal(self, error: Exception) -> bool:
        """No device, so none to lose."""
        return False

    def release_memory(self) -> None:
        """Nothing is cached on a device."""

    def device_memory(self) -> int:
        """No device."""
        return 0


def load(spec: LoadSpec) -> HashingBackend:
    """Make the backend that `spec` names; there is nothing to load."""
    return HashingBackend(int(spec.target), spec.max_length)


def _build_tokenizer() -> Tokenizer:
    """One token for each byte (GPT-2's byte-level alphabet, no merges), framed by two more."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate([*_SPECIALS, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.add_special_tokens(list(_SPECIALS))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    begin, end = _SPECIALS
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        special_tokens=[(token, vocabulary[token]) for token in _SPECIALS],
    )
    return tokenizer


def _build_blanks(tokenizer: Tokenizer) -> tuple[bytes, bytes]:
    """The letter of a space, and a translation that makes all white space that letter."""
    blanks = [
        tokenizer.encode(blank, add_special_tokens=False).ids[0] - len(_SPECIALS)
        for blank in " \t\r\n"
    ]
    table = bytearray(range(256))
    for blank in blanks:
        table[blank] = blanks[0]
    return bytes([blanks[0]]), bytes(table)
