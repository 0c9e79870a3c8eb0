"""Cuts a text before it is tokenised, where that cannot change the tokens that are kept.

A page of 300,000 tokens costs the tokenizer 600 times what a model of 512 reads of it. Most
tokenizers split at spaces first and then look at one word at a time, so that what stands before a
space between two words has the same tokens whatever comes after it, and the other way round; many
do the same at the ends of lines, which is what Chinese has. Which do is told by their parts
(`tokenizers` 0.23, the serialised form); of any part not listed here nothing is assumed, and no
text is cut.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from embedding_service.inference.requests import Side

CHARS_PER_TOKEN: Final = 8
"""At first; prose has four to five for each token, so that one try is nearly always enough."""
_GROWTH: Final = 4
"""Of the piece, where its tokens were too few."""

_LOOKS: Final = 100
"""At gaps, for one that stands behind a word; a text of nothing but spaces has none."""

_SPLIT_PATTERNS: Final = frozenset(
    # Llama 3's and Qwen's. No alternative goes on over a space; one does over newlines.
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + digits + r"| ?[^\s\p{L}\p{N}]+"
    r"[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    for digits in (r"\p{N}{1,3}", r"\p{N}")
)
_NORMALIZERS: Final = frozenset(
    # By character or, `Precompiled`, by grapheme: a space after a letter begins a new one.
    {
        "BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled",
        "StripAccents",
    }
)  # fmt: skip
_MODELS: Final = frozenset({"BPE", "Unigram", "WordLevel", "WordPiece"})
_REFINEMENTS: Final = frozenset({"ByteLevel", "Digits", "Metaspace", "Punctuation"})
_INERT: Final = frozenset("LNP")
"""General categories: letters, numbers, punctuation."""
_PREPENDED: Final = "\u0d4e"
"""The one letter below U+10000 that makes one grapheme with what follows, be it a space (UAX 29,
GB9b)."""


def find_gaps(serialised: str, *, is_newline_space: bool) -> str:
    """Which of space and newline this tokenizer's tokens on either side of do not look beyond.

    `is_newline_space` tells whether its normalizer makes one of the other.
    """
    parts: Mapping[str, Any] = json.loads(serialised)
    model = parts["model"]
    normalizers = _flatten(parts["normalizer"], "normalizers")
    is_known = (
        model["type"] in _MODELS
        and not model.get("dropout")
        and all(_keeps_spaces(each) for each in normalizers)
        and not any(_has_space(token["content"]) for token in parts["added_tokens"])
    )
    if not is_known:
        return ""
    pre_tokenizers = _flatten(parts["pre_tokenizer"], "pretokenizers")
    strips_left = any(each.get("strip_left") for each in normalizers)
    gaps = _split_at(pre_tokenizers, strips_left=strips_left)
    return gaps + "\n" if gaps == " " and is_newline_space else gaps


@dataclass(frozen=True, slots=True)
class Reach:
    """How far into a text the tokens that are kept can depend on it, as far as is known before."""

    side: Side
    """The end that is cut off."""
    chars: int
    """To be tried first."""
    gaps: str
    """As `find_gaps` tells; not empty."""

    def pieces(self, text: str) -> Iterator[str]:
        """Ever longer pieces of `text` from the end that is kept; none is all of it."""
        chars = self.chars
        find = _piece_before if self.side == "right" else _piece_behind
        while chars < len(text) and (piece := find(text, chars, self.gaps)) is not None:
            yield piece
            chars = _GROWTH * len(piece)


def _piece_before(text: str, chars: int, gaps: str) -> str | None:
    """What stands before the first gap behind a word, `chars` characters or more."""
    place = chars - 1
    for _ in range(_LOOKS):
        found = [text.find(gap, place + 1) for gap in gaps]
        place = min((each for each in found if each > 0), default=0)
        if not place:
            return None
        if _ends_word(text[place - 1]):
            return text[:place]
    return None


def _piece_behind(text: str, chars: int, gaps: str) -> str | None:
    """What begins with the last such gap, `chars` characters or more."""
    place = len(text) - chars + 1
    for _ in range(_LOOKS):
        place = max((text.rfind(gap, 0, place) for gap in gaps), default=0)
        if place < 1:
            return None
        if _ends_word(text[place - 1]):
            return text[place:]
    return None


def _ends_word(char: str) -> bool:
    """A letter, digit or mark that no normalizer makes anything else of, nor joins to a gap."""
    return (
        char < "\U00010000"
        and char != _PREPENDED
        and all(
            unicodedata.category(one)[0] in "LNP" for one in unicodedata.normalize("NFKD", char)
        )
    )


def _flatten(part: Mapping[str, Any] | None, members: str) -> Sequence[Mapping[str, Any]]:
    if part is None:
        return ()
    if part["type"] != "Sequence":
        return (part,)
    return [one for each in part[members] for one in _flatten(each, members)]


def _keeps_spaces(normalizer: Mapping[str, Any]) -> bool:
    """Whether it works on either side of a space as if there were no other."""
    kind = normalizer["type"]
    if kind == "Replace":
        pattern = normalizer["pattern"]
        if pattern.get("Regex") == " {2,}":  # XLM-R's: runs become one
            return normalizer["content"] in {" ", "▁"}
        return "String" in pattern and not _has_space(pattern["String"])
    return kind in _NORMALIZERS or kind == "Strip"


def _split_at(pre_tokenizers: Sequence[Mapping[str, Any]], *, strips_left: bool) -> str:
    """Gaps at which one part ends every word, where all others only split further."""
    for position, each in enumerate(pre_tokenizers):
        if each["type"] in {"Digits", "Punctuation"}:
            continue
        rest = pre_tokenizers[position + 1 :]
        is_split = all(other["type"] in _REFINEMENTS for other in rest)
        return _gaps_of(each, strips_left=strips_left) if is_split else ""
    return ""


def _gaps_of(pre_tokenizer: Mapping[str, Any], *, strips_left: bool) -> str:
    kind = pre_tokenizer["type"]
    if kind in {"BertPreTokenizer", "Whitespace", "WhitespaceSplit"}:
        return " \n"
    if kind == "ByteLevel" and pre_tokenizer["use_regex"]:
        return " \n"
    if kind == "Metaspace":
        is_framed = pre_tokenizer["prepend_scheme"] == "always" or not strips_left
        return " " if pre_tokenizer["split"] and is_framed else ""
    if kind == "Split":
        is_known = pre_tokenizer["pattern"].get("Regex") in _SPLIT_PATTERNS
        is_isolated = pre_tokenizer["behavior"] == "Isolated" and not pre_tokenizer["invert"]
        return " " if is_known and is_isolated else ""
    return ""


def _has_space(content: str) -> bool:
    return bool(re.search(r"\s", unicodedata.normalize("NFKC", content)))
