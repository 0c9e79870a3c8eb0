"""Made texts of known lengths, the same in every run and for every server.

Words are drawn evenly from the model's vocabulary, and a third of them get an ending of it, so that
a word is 1.3 tokens as in English prose. The sets are those of reference measurements made before
this one: short 8 to 16 words, medium 100, mixed 60 % of 3 to 16, 30 % of 40 to 160 and 10 % of 160
to 320.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from benchmarks.serving.models import Model

_SHORTEST: Final = 3
"""Letters of a word."""
_ENDED: Final = 1 / 3
"""Share of words with an ending."""
_MARK: Final = "##"
_SEED: Final = 20_240_601
_SPECIAL: Final = 2
"""Tokens around every text."""


def _draw_mixed(chance: random.Random) -> int:
    least, most = chance.choices([(3, 16), (40, 160), (160, 320)], [60, 30, 10])[0]
    return chance.randint(least, most)


LENGTHS: Final[Mapping[str, Callable[[random.Random], int]]] = {
    "short": lambda chance: chance.randint(8, 16),
    "medium": lambda _: 100,
    "mixed": _draw_mixed,
}
"""Words of a text, by the name of its set."""


class Writer:
    """Writes texts with the words of one vocabulary."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        pieces = sorted(tokenizer.get_vocab())
        self._words = [each for each in pieces if _is_word(each)]
        self._endings = [
            each.removeprefix(_MARK)
            for each in pieces
            if each.startswith(_MARK) and _is_word(each.removeprefix(_MARK))
        ]

    def write_set(self, name: str, count: int) -> list[str]:
        """So many texts of the set `name`."""
        chance = random.Random(f"{_SEED} {name}")  # noqa: S311  not for secrets
        return [self._write(chance, LENGTHS[name](chance)) for _ in range(count)]

    def write_tokens(self, tokens: int, count: int) -> list[str]:
        """So many texts of exactly `tokens` tokens each, those around them included."""
        chance = random.Random(f"{_SEED} {tokens}")  # noqa: S311
        return [" ".join(chance.choices(self._words, k=tokens - _SPECIAL)) for _ in range(count)]

    def _write(self, chance: random.Random, words: int) -> str:
        return " ".join(self._draw(chance) for _ in range(words))

    def _draw(self, chance: random.Random) -> str:
        word = chance.choice(self._words)
        return word + chance.choice(self._endings) if chance.random() < _ENDED else word


def _is_word(piece: str) -> bool:
    return len(piece) >= _SHORTEST and piece.isascii() and piece.isalpha() and piece.islower()


@cache
def read_tokenizer(folder: Path) -> Tokenizer:
    """The model's own, cutting nothing."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def count_tokens(model: Model, texts: Sequence[str]) -> list[int]:
    """Of each text, as far as the model reads it."""
    encodings = read_tokenizer(model.folder).encode_batch(list(texts))
    return [min(len(each.ids), model.max_tokens) for each in encodings]
