"""Long texts are cut before they are tokenised, and nobody can tell by the ids."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from embedding_service.inference.backends.hashing import HashingBackend
from embedding_service.inference.cutting import Reach, find_gaps
from embedding_service.inference.requests import Side
from embedding_service.inference.tokenisation import Tokeniser
from tiny_models import BERT, MPNET, ROBERTA, XLM_ROBERTA, tiny_model

MAX_LENGTH = 8
"""Short, so that short texts are long ones."""
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = st.one_of(
    st.sampled_from(["a", "the", "quickest", "naïve", "don't", "<mask>", "[MASK]", "12345", "x.y"]),
    st.sampled_from(
        [
            "日本語。",
            "。",
            "「語」",
            "दुनिया",
            "سلام",
            "ﷺ",
            "ﬁn",
            "Σίσυφος",
            "e\u0301",
            "👍🏽",
            "\u0d4e",
        ]
    ),
    st.text(alphabet="ab1ßé.!▁\u0301\u200b\u00ad\u3000", min_size=1, max_size=12),
    st.text(min_size=1, max_size=4),
)
GAPS = st.sampled_from(
    [" "] * 8 + ["  ", "\n", "\n", "\r\n", " \n", "\t", "\u00a0", "\u2028", " \u0301", ""]
)
TEXTS = st.lists(st.tuples(WORDS, GAPS), min_size=1, max_size=160).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def of_folder(name: str) -> Callable[[], Tokenizer]:
    return lambda: Tokenizer.from_file(str(tiny_model(name) / "tokenizer.json"))


def unigram() -> Tokenizer:
    """XLM-R's parts as its converter in transformers puts them together."""
    letters = [(letter, -3.0) for letter in "▁abcdefghijklmnopqrstuvwxyz12345"]
    words = [("▁the", -1.0), ("▁a", -1.5), ("quick", -2.0), ("est", -2.0), ("▁▁", -1.0)]
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), *letters, *words], unk_id=0))
    runs = normalizers.Replace(Regex(" {2,}"), "▁")
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Strip(left=False), runs]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return tokenizer


def byte_bpe() -> Tokenizer:
    """Qwen's and Llama 3's parts."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("Ġ", "a"), ("Ġ", "Ġ")]
    vocabulary = [*letters, *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE({one: at for at, one in enumerate(vocabulary)}, merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


KINDS = {
    "WordPiece": of_folder(BERT),
    "WordPiece with a greedy mask": of_folder(MPNET),
    "BPE": of_folder(ROBERTA),
    "BPE of Qwen": byte_bpe,
    "Unigram": of_folder(XLM_ROBERTA),
    "Unigram of XLM-R": unigram,
}


@cache
def serialised(kind: str) -> str:
    return KINDS[kind]().to_str()


def gaps_of(tokenizer: str) -> str:
    return find_gaps(tokenizer, is_newline_space=False)


def tokeniser(kind: str, threads: ThreadPoolExecutor) -> Tokeniser:
    facts = replace(HashingBackend(8).facts, tokenizer=serialised(kind), max_length=MAX_LENGTH)
    return Tokeniser(facts, threads, workers=2)


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXTS, side=st.sampled_from(["left", "right"]), prompt=st.sampled_from(["", "query: "]))
async def test_ids_are_those_of_the_whole_text(
    threads: ThreadPoolExecutor, kind: str, text: str, side: Side, prompt: str
) -> None:
    subject = tokeniser(kind, threads)
    early = await subject.encode([text, "short"], prompt, side)
    whole = await subject.encode([text, "short"], prompt, side, wants_lengths=True)
    assert [ids.tolist() for ids in early.ids] == [ids.tolist() for ids in whole.ids]
    assert early.truncated == whole.truncated
    assert all(early.lengths_uncut[at] <= whole.lengths_uncut[at] for at in whole.truncated)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", KINDS)
async def test_of_a_long_page_only_a_piece_is_read(
    threads: ThreadPoolExecutor, kind: str, side: Side
) -> None:
    subject = tokeniser(kind, threads)
    page = "the quickest of them all " * 2_000
    lists = await subject.encode([page], "", side)
    assert lists.truncated == [0]
    assert lists.lengths_uncut[0] < 200
    exact = await subject.encode([page], "", side, wants_lengths=True)
    assert exact.lengths_uncut[0] > 10_000


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", ["WordPiece", "BPE", "Unigram"])
async def test_a_page_without_spaces_is_cut_at_the_ends_of_lines(
    threads: ThreadPoolExecutor, kind: str, side: Side
) -> None:
    subject = tokeniser(kind, threads)
    page = "日本語の文章です。\n" * 2_000
    early = await subject.encode([page], "", side)
    exact = await subject.encode([page], "", side, wants_lengths=True)
    assert early.ids[0].tolist() == exact.ids[0].tolist()
    assert early.lengths_uncut[0] < 1_000 < exact.lengths_uncut[0]


def test_a_newline_counts_as_a_space_only_where_it_becomes_one() -> None:
    tokenizer = serialised("Unigram of XLM-R")
    assert find_gaps(tokenizer, is_newline_space=False) == " "
    assert find_gaps(tokenizer, is_newline_space=True) == " \n"
    assert find_gaps(serialised("BPE of Qwen"), is_newline_space=False) == " "


@pytest.mark.parametrize("side", ["left", "right"])
async def test_a_piece_with_too_few_tokens_grows(threads: ThreadPoolExecutor, side: Side) -> None:
    subject = tokeniser("WordPiece", threads)
    # A word of more than 100 characters is one unknown token.
    text = " ".join(["w" * 150] * 40)
    early = await subject.encode([text], "", side)
    whole = await subject.encode([text], "", side, wants_lengths=True)
    assert early.ids[0].tolist() == whole.ids[0].tolist()
    assert MAX_LENGTH < early.lengths_uncut[0] < whole.lengths_uncut[0]


@pytest.mark.parametrize(
    "change",
    [
        {"pre_tokenizer": None},
        {"pre_tokenizer": {"type": "UnicodeScripts"}},
        {"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}},
        {"normalizer": {"type": "Prepend", "prepend": "▁"}},
    ],
    ids=json.dumps,
)
def test_parts_that_look_beyond_a_space_forbid_it(change: dict[str, object]) -> None:
    parts = json.loads(serialised("WordPiece"))
    assert gaps_of(json.dumps(parts)) == " \n"
    assert gaps_of(json.dumps(parts | change)) == ""


def test_a_token_with_a_space_in_it_forbids_it() -> None:
    tokenizer = of_folder(BERT)()
    tokenizer.add_tokens(["New York"])
    assert gaps_of(tokenizer.to_str()) == ""


def test_dropout_forbids_it() -> None:
    tokenizer = byte_bpe()
    tokenizer.model.dropout = 0.1
    assert gaps_of(tokenizer.to_str()) == ""


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("text", ["日本語" * 100, "." * 300, " " * 300, "\u0301 " * 300])
def test_without_a_space_behind_a_word_the_text_stays_whole(text: str, side: Side) -> None:
    assert list(Reach(side, 10, " \n").pieces(text)) == []


@given(text=TEXTS, side=st.sampled_from(["left", "right"]), chars=st.integers(1, 100))
def test_pieces_grow_and_are_never_the_whole(text: str, side: Side, chars: int) -> None:
    found = list(Reach(side, chars, " \n").pieces(text))
    assert all(text.startswith(one) if side == "right" else text.endswith(one) for one in found)
    assert [len(one) for one in found] == sorted({len(one) for one in found})
    assert all(chars <= len(one) < len(text) for one in found)
