"""Cuts a text before it is tokenised, where that cannot change the tokens that are kept.

A page of 300,000 tokens costs the tokenizer 600 times what a model of 512 reads of it. Most
tokenizers split at spaces first and then look at one word at a time, so that what stands before a
space between two words has the same tokens whatever comes after it, and the other way round. Which
do is told by their parts (`tokenizers` 0.23, the serialised form); of any part not listed here
nothing is assumed, and no text is cut. Texts without spaces, Chinese for example, are not cut
either.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from embedding_service.inference.requests import Side

CHARS_PER_TOKEN: Final = 8
"""At first; prose has four to five for each token, so that one try is nearly always enough."""
_GROWTH: Final = 4
"""Of the piece, where its tokens were too few."""

_LOOKS: Final = 100
"""At spaces, for one that stands behind a word; a text of nothing but spaces has none."""

_SPLIT_PATTERNS: Final = frozenset(
    # Llama 3's and Qwen's. No alternative goes on over a space behind a letter or digit.
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
_PREPENDED: Final = "\u0d4e"
"""The one letter below U+10000 that makes one grapheme with what follows, be it a space (UAX 29,
GB9b)."""


def can_cut(serialised: str) -> bool:
    """Whether this tokenizer's tokens on either side of a space between words stand alone."""
    parts: Mapping[str, Any] = json.loads(serialised)
    model = parts["model"]
    normalizers = _flatten(parts["normalizer"], "normalizers")
    return (
        model["type"] in _MODELS
        and not model.get("dropout")
        and all(_keeps_spaces(each) for each in normalizers)
        and _splits_at_spaces(
            _flatten(parts["pre_tokenizer"], "pretokenizers"),
            strips_left=any(each.get("strip_left") for each in normalizers),
        )
        and not any(_has_space(token["content"]) for token in parts["added_tokens"])
    )


def pieces(text: str, side: Side, chars: int) -> Iterator[str]:
    """Ever longer pieces of `text` from the end that is kept, about `chars` long at first.

    None is all of it. `side` is the end that is cut off.
    """
    find = _piece_before if side == "right" else _piece_behind
    while chars < len(text) and (piece := find(text, chars)) is not None:
        yield piece
        chars = _GROWTH * len(piece)


def _piece_before(text: str, chars: int) -> str | None:
    """What stands before the first space behind a word, `chars` characters or more."""
    place = chars - 1
    for _ in range(_LOOKS):
        place = text.find(" ", place + 1)
        if place < 1:
            return None
        if _ends_word(text[place - 1]):
            return text[:place]
    return None


def _piece_behind(text: str, chars: int) -> str | None:
    """What begins with the last such space, `chars` characters or more."""
    place = len(text) - chars + 1
    for _ in range(_LOOKS):
        place = text.rfind(" ", 0, place)
        if place < 1:
            return None
        if _ends_word(text[place - 1]):
            return text[place:]
    return None


def _ends_word(char: str) -> bool:
    """A letter or digit that no normalizer makes anything else of, nor joins to a space."""
    return (
        char < "\U00010000"
        and char != _PREPENDED
        and char.isalnum()
        and unicodedata.normalize("NFKD", char).isalnum()
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


def _splits_at_spaces(pre_tokenizers: Sequence[Mapping[str, Any]], *, strips_left: bool) -> bool:
    """Whether one part ends a word at every space, and all others only split further."""
    for position, each in enumerate(pre_tokenizers):
        kind = each["type"]
        if kind in {"BertPreTokenizer", "Whitespace", "WhitespaceSplit"}:
            is_split = True
        elif kind == "Metaspace":
            scheme = each["prepend_scheme"]
            is_split = each["split"] and (scheme == "always" or not strips_left)
        elif kind == "ByteLevel":
            is_split = each["use_regex"]
        elif kind == "Split":
            is_known = each["pattern"].get("Regex") in _SPLIT_PATTERNS
            is_split = is_known and each["behavior"] == "Isolated" and not each["invert"]
        elif kind in {"Digits", "Punctuation"}:
            continue
        else:
            return False
        rest = pre_tokenizers[position + 1 :]
        return is_split and all(other["type"] in _REFINEMENTS for other in rest)
    return False


def _has_space(content: str) -> bool:
    return bool(re.search(r"\s", unicodedata.normalize("NFKC", content)))
