"""Vocabularies of the tiny models, of some sentences in five languages."""

import itertools
import math
import re
import string
from collections import Counter
from collections.abc import Iterator

from tiny_models import NAN_WORD, RAISING_WORD


def build_word_pieces(special: list[str]) -> dict[str, int]:
    """Words, endings and characters; built, not learnt, since learning breaks ties at random."""
    words = sorted({piece for line in _sentences() for piece in re.findall(r"\w+|\S", line)})
    letters = sorted({letter for word in words for letter in word} | set(string.printable.strip()))
    endings = sorted({word[-length:] for word in words for length in (2, 3) if len(word) > length})
    inner = [f"##{piece}" for piece in (*letters, *endings)]
    # The last one stands where tiny-raising has no row.
    ordered = dict.fromkeys([*special, *letters, *words, *inner, NAN_WORD, RAISING_WORD])
    return {piece: position for position, piece in enumerate(ordered)}


def build_unigram_pieces(special: list[str]) -> list[tuple[str, float]]:
    """Pieces with their log probabilities, single characters the least probable."""
    words = Counter(word for line in _sentences() for word in line.split())
    letters = sorted({letter for word in words for letter in word} | set(string.printable.strip()))
    total = words.total()
    return [
        *((piece, 0.0) for piece in special),
        *((f"▁{word}", math.log(count / total)) for word, count in sorted(words.items())),
        ("▁", -9.0),
        *((letter, -10.0) for letter in letters),
    ]


_CLAUSES = (
    (("the engineer", "a careful clerk", "our neighbour"), ("measures", "repairs", "describes")),
    (("la vecina", "un médico", "el río"), ("encuentra", "escribe", "cruza")),
    (("der Bäcker", "eine Lehrerin", "das Mädchen"), ("öffnet", "zählt", "übersetzt")),
    (("лесник", "моя сестра", "старый поезд"), ("видит", "строит", "ждёт")),
    (("医生", "图书馆", "我的朋友"), ("记录", "打开", "喜欢")),
)
_OBJECTS = (
    "the bridge", "seven letters", "la ventana", "el puente viejo", "das alte Haus",
    "den Schlüssel", "дорогу", "письмо", "一座桥", "数据", "query: 1", "passage: café", "🙂",
    "#1, (2.5 %)",
)  # fmt: skip


def _sentences() -> Iterator[str]:
    """Some 630 short sentences in five languages, the same every time."""
    for subjects, verbs in _CLAUSES:
        for subject, verb, thing in itertools.product(subjects, verbs, _OBJECTS):
            yield f"{subject} {verb} {thing}."
