"""Texts to token ids, in threads: the tokenizers library works without the interpreter's lock."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from embedding_service.errors import Issue, TextTooLong, TokenIdOutOfRange
from embedding_service.inference.backends.base import Facts
from embedding_service.inference.cutting import CHARS_PER_TOKEN, Reach, find_gaps
from embedding_service.inference.requests import Side, Token, TokenIds

_T = TypeVar("_T")

_SLICE_TEXTS = 64
_SLICE_CHARS = 65_536
"""Work of one thread at a time: worth a thread, and short enough to share the threads."""
_AT_ONCE_CHARS = 320
"""Of a request that is tokenised where it is: 70 us, which a way through a thread costs as well."""
_SPARE = 8
"""Tokens beyond those that are kept, by which a piece of a text is known to be long enough."""


@dataclass(frozen=True, slots=True)
class TokenLists:
    """Token ids of texts, ready to be forwarded: framed by special tokens and cut to length."""

    ids: list[NDArray[np.int32]]
    truncated: list[int]
    """Positions of those that were cut."""
    lengths_uncut: dict[int, int]
    """Tokens each of these had before, or that many at least where it was cut early."""

    @property
    def counts(self) -> NDArray[np.int32]:
        """Tokens of each; shape (texts,)."""
        return np.fromiter((len(each) for each in self.ids), dtype=np.int32, count=len(self.ids))

    def refuse_truncated(self, max_length: int | None, offset: int = 0) -> None:
        """Raise TextTooLong if anything was cut; positions are told from `offset` on."""
        if self.truncated:
            issues = [
                Issue(
                    f"has {self.lengths_uncut[at]:,} tokens, the model reads {max_length:,}",
                    position=offset + at,
                )
                for at in self.truncated[:100]
            ]
            raise TextTooLong(
                f"{len(self.truncated)} texts are longer than the model's {max_length:,} tokens; "
                "shorten them, or allow `truncate`",
                issues,
            )


class Tokeniser:
    """The tokenizer of one loaded model.

    Its settings never change after it is built, so threads may share it.
    """

    def __init__(self, facts: Facts, threads: ThreadPoolExecutor, workers: int) -> None:
        """Build it from what a backend tells; `workers` is the number of `threads`."""
        serialised, max_length = facts.tokenizer, facts.max_length
        self._max_length = max_length
        self._vocabulary_size = facts.vocabulary_size
        self._threads = threads
        self._bulk_turns = asyncio.Semaphore(max(1, workers - 1))
        self._by_side = {side: _load(serialised, max_length, side) for side in ("right", "left")}
        self._uncut = _load(serialised, None, "right")
        self._prefix, self._suffix = _find_frame(self._uncut)
        self._gaps = _find_gaps(self._uncut)
        configured = Tokenizer.from_str(serialised).truncation
        self._own_side: Side = (
            "left" if configured and configured["direction"] == "left" else "right"
        )

    async def encode(
        self,
        texts: Sequence[str],
        prompt: str,
        side: Side | None,
        *,
        is_bulk: bool = False,
        wants_lengths: bool = False,
    ) -> TokenLists:
        """Tokenise texts, each with `prompt` before it; `side` None cuts where the model does.

        Bulk leaves a thread free, so that one long batch does not keep single texts waiting. Long
        texts are cut early where that gives the same ids, unless `wants_lengths` asks for all
        tokens to be counted.
        """
        side = side or self._own_side
        turns = self._bulk_turns if is_bulk else nullcontext()
        reach = None
        if self._gaps and self._max_length is not None and not wants_lengths:
            reach = Reach(side, CHARS_PER_TOKEN * self._max_length, self._gaps)
        encode = partial(_encode, self._by_side[side], reach, prompt)
        if sum(map(len, texts)) <= _AT_ONCE_CHARS:
            return self._collect(encode(texts))

        async def encode_part(part: list[str]) -> list[tuple[NDArray[np.int32], int]]:
            async with turns:
                return await self._run(partial(encode, part))

        parts = await asyncio.gather(*(encode_part(part) for part in _slice(texts, reach)))
        return self._collect([each for part in parts for each in part])

    async def _run(self, function: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def count_prompt(self, prompt: str) -> int:
        """Leading tokens that are the prompt's.

        Counted as sentence-transformers does (Transformer._get_prompt_length).
        """
        if not prompt:
            return 0
        encoding = self._by_side[self._own_side].encode(prompt)
        return len(encoding.ids) - (encoding.special_tokens_mask[-1] if encoding.ids else 0)

    async def frame(self, lists: Sequence[TokenIds], side: Side | None) -> TokenLists:
        """Make token ids from outside fit to be forwarded: checked, framed where that lacks, cut.

        Raises TokenIdOutOfRange: an id the model has no embedding for.
        """
        return await self._run(partial(self._frame, lists, side))

    def _frame(self, lists: Sequence[TokenIds], side: Side | None) -> TokenLists:
        self._check_ids(lists)
        ids: list[NDArray[np.int32]] = []
        uncut: dict[int, int] = {}
        for position, each in enumerate(lists):
            start = len(self._prefix) if each[: len(self._prefix)] == self._prefix else 0
            has_suffix = bool(self._suffix) and each[-len(self._suffix) :] == self._suffix
            content = each[start : len(each) - len(self._suffix) if has_suffix else len(each)]
            total = len(self._prefix) + len(content) + len(self._suffix)
            if self._max_length is not None and total > self._max_length:
                uncut[position] = total
                room = self._max_length - len(self._prefix) - len(self._suffix)
                content = content[-room:] if (side or self._own_side) == "left" else content[:room]
            ids.append(np.array([*self._prefix, *content, *self._suffix], dtype=np.int32))
        return TokenLists(ids, list(uncut), uncut)

    def _check_ids(self, lists: Sequence[TokenIds]) -> None:
        for position, each in enumerate(lists):
            if each and not 0 <= min(each) <= max(each) < self._vocabulary_size:
                raise TokenIdOutOfRange(
                    f"token ids at position {position} are not of this model's vocabulary "
                    f"(0 to {self._vocabulary_size - 1:,}); LangChain sends OpenAI's ids unless "
                    "check_embedding_ctx_length=False: set that, send texts, or set the model's "
                    "token_ids=cl100k_base in MODEL_OPTIONS",
                    [Issue("holds ids out of range", position=position)],
                )

    async def inspect(self, texts: Sequence[str], *, add_special_tokens: bool) -> list[list[Token]]:
        """Tokens of each text, uncut."""
        encodings = await self._run(
            partial(self._uncut.encode_batch, list(texts), add_special_tokens=add_special_tokens)
        )
        return [_tokens_of(encoding) for encoding in encodings]

    async def decode(self, lists: Sequence[TokenIds], *, skip_special_tokens: bool) -> list[str]:
        """Text of each list of ids. Raises as `frame`."""
        return await self._run(partial(self._decode, lists, skip_special_tokens))

    def _decode(self, lists: Sequence[TokenIds], skip_special_tokens: bool) -> list[str]:
        self._check_ids(lists)
        decoded: list[str] = self._uncut.decode_batch(
            [list(each) for each in lists], skip_special_tokens=skip_special_tokens
        )
        return decoded

    def _collect(self, encoded: list[tuple[NDArray[np.int32], int]]) -> TokenLists:
        uncut = {
            position: len(ids) + cut_off
            for position, (ids, cut_off) in enumerate(encoded)
            if cut_off
        }
        return TokenLists([ids for ids, _ in encoded], list(uncut), uncut)


def _load(serialised: str, max_length: int | None, side: Side) -> Tokenizer:
    tokenizer = Tokenizer.from_str(serialised)
    tokenizer.no_padding()
    if max_length is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(max_length, direction=side)
    return tokenizer


def _find_frame(tokenizer: Tokenizer) -> tuple[TokenIds, TokenIds]:
    """Special tokens that the tokenizer puts before and after every text."""
    encoding = tokenizer.encode("a")
    mask = encoding.special_tokens_mask
    if all(mask):
        return list(encoding.ids), []
    first, last = mask.index(0), len(mask) - mask[::-1].index(0)
    return list(encoding.ids[:first]), list(encoding.ids[last:])


def _find_gaps(tokenizer: Tokenizer) -> str:
    normalizer = tokenizer.normalizer
    is_space = normalizer is not None and normalizer.normalize_str("a\nb") == "a b"
    return find_gaps(tokenizer.to_str(), is_newline_space=is_space)


def _slice(texts: Sequence[str], reach: Reach | None) -> list[list[str]]:
    """Consecutive texts of about one thread's work each; `reach` as in `_encode`."""
    parts: list[list[str]] = []
    room = 0
    for text in texts:
        size = len(text) if reach is None else min(len(text), reach.chars)
        if not parts or size > room or len(parts[-1]) == _SLICE_TEXTS:
            parts.append([])
            room = _SLICE_CHARS
        parts[-1].append(text)
        room -= size
    return parts


def _encode(
    tokenizer: Tokenizer, reach: Reach | None, prompt: str, texts: Sequence[str]
) -> list[tuple[NDArray[np.int32], int]]:
    """Ids of each text, and how many more there were at least; runs in a thread.

    Of texts longer than `reach` only as much is read as the ids depend on; None reads all.
    """
    short = [text for text in texts if reach is None or len(text) <= reach.chars]
    encodings = iter(tokenizer.encode_batch_fast([prompt + text for text in short]))
    return [
        _read(next(encodings))
        if reach is None or len(text) <= reach.chars
        else _encode_long(tokenizer, reach, prompt, text)
        for text in texts
    ]


def _encode_long(
    tokenizer: Tokenizer, reach: Reach, prompt: str, text: str
) -> tuple[NDArray[np.int32], int]:
    for piece in reach.pieces(text):
        # What is cut off on the left takes the prompt along.
        prompted = prompt + piece if reach.side == "right" else piece
        ids, cut_off = _read(tokenizer.encode_batch_fast([prompted])[0])
        if cut_off > _SPARE:
            return ids, cut_off
    return _read(tokenizer.encode_batch_fast([prompt + text])[0])


def _read(encoding: Encoding) -> tuple[NDArray[np.int32], int]:
    return np.array(encoding.ids, dtype=np.int32), _count_cut_off(encoding)


def _count_cut_off(encoding: Encoding) -> int:
    """Tokens beyond the cut.

    Every overflowing part is framed again, and its frame is not the text's.
    """
    return sum(len(part.ids) - sum(part.special_tokens_mask) for part in encoding.overflowing)


def _tokens_of(encoding: Encoding) -> list[Token]:
    return [
        Token(id_, text, bool(special), None if special else start, None if special else stop)
        for id_, text, special, (start, stop) in zip(
            encoding.ids,
            encoding.tokens,
            encoding.special_tokens_mask,
            encoding.offsets,
            strict=True,
        )
    ]
