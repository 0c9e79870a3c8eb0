"""Texts and token ids become what the model reads: framed, cut, counted."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from embedding_service.errors import TextTooLong, TokenIdOutOfRange
from embedding_service.inference.backends.hashing import HashingBackend
from embedding_service.inference.tokenisation import Tokeniser

FACTS = HashingBackend(8).facts
BEGIN, END = 0, 1


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def build(threads: ThreadPoolExecutor, max_length: int | None = 16) -> Tokeniser:
    return Tokeniser(replace(FACTS, max_length=max_length), threads, workers=2)


async def test_texts_are_framed_by_special_tokens(threads: ThreadPoolExecutor) -> None:
    lists = await build(threads).encode(["ab"], "", None)
    assert lists.ids[0].tolist()[0] == BEGIN
    assert lists.ids[0].tolist()[-1] == END
    assert lists.counts.tolist() == [4]


@pytest.mark.parametrize(
    ("side", "kept"), [(None, "a" * 14), ("right", "a" * 14), ("left", "b" * 14)]
)
async def test_what_is_too_long_is_cut_and_told(
    threads: ThreadPoolExecutor, side: str | None, kept: str
) -> None:
    tokeniser = build(threads)
    lists = await tokeniser.encode(["short", "a" * 50 + "b" * 50], "", side)  # type: ignore[arg-type]  # parametrised
    assert lists.truncated == [1]
    assert lists.lengths_uncut == {1: 102}
    assert lists.counts.tolist() == [7, 16]
    assert await tokeniser.decode([lists.ids[1].tolist()], skip_special_tokens=True) == [kept]
    with pytest.raises(TextTooLong, match="16 tokens") as refusal:
        lists.refuse_truncated(16)
    assert [(issue.position, issue.message) for issue in refusal.value.issues] == [
        (1, "has 102 tokens, the model reads 16")
    ]


async def test_a_model_without_a_bound_cuts_nothing(threads: ThreadPoolExecutor) -> None:
    lists = await build(threads, max_length=None).encode(["a" * 5000], "", None)
    assert lists.truncated == []
    lists.refuse_truncated(None)
    assert lists.counts.tolist() == [5002]


async def test_a_prompt_goes_before_every_text(threads: ThreadPoolExecutor) -> None:
    tokeniser = build(threads)
    lists = await tokeniser.encode(["x", "y"], "q: ", None)
    texts = await tokeniser.decode([ids.tolist() for ids in lists.ids], skip_special_tokens=True)
    assert texts == ["q: x", "q: y"]
    assert tokeniser.count_prompt("q: ") == 4, (
        "the leading special token counts, the trailing one does not"
    )
    assert tokeniser.count_prompt("") == 0


@given(
    st.lists(
        st.text(max_size=200).filter(lambda text: text.isprintable() and "<" not in text),
        min_size=1,
        max_size=90,
    )
)
async def test_order_and_counts_hold_however_the_work_is_cut(texts: list[str]) -> None:
    with ThreadPoolExecutor(2) as pool:
        tokeniser = build(pool, max_length=None)
        lists = await tokeniser.encode(texts, "", None)
        assert lists.counts.tolist() == [len(text.encode()) + 2 for text in texts]
        decoded = await tokeniser.decode(
            [ids.tolist() for ids in lists.ids], skip_special_tokens=True
        )
        assert decoded == texts


@pytest.mark.parametrize(
    ("given_ids", "framed"),
    [
        ([5, 6], [BEGIN, 5, 6, END]),
        ([BEGIN, 5, 6], [BEGIN, 5, 6, END]),
        ([5, 6, END], [BEGIN, 5, 6, END]),
        ([BEGIN, 5, 6, END], [BEGIN, 5, 6, END]),
        ([BEGIN], [BEGIN, END]),
        ([BEGIN, END], [BEGIN, END]),
        ([END], [BEGIN, END]),
    ],
)
async def test_ids_are_framed_where_the_frame_is_missing(
    threads: ThreadPoolExecutor, given_ids: list[int], framed: list[int]
) -> None:
    assert (await build(threads).frame([given_ids], None)).ids[0].tolist() == framed


@pytest.mark.parametrize(
    ("side", "kept"), [("right", list(range(2, 16))), ("left", list(range(6, 20)))]
)
async def test_ids_are_cut_like_texts(
    threads: ThreadPoolExecutor, side: str, kept: list[int]
) -> None:
    lists = await build(threads).frame([list(range(2, 20))], side)  # type: ignore[arg-type]  # parametrised
    assert lists.ids[0].tolist() == [BEGIN, *kept, END]
    assert lists.truncated == [0]


@pytest.mark.parametrize("bad", [-1, FACTS.vocabulary_size, 2**40])
async def test_ids_of_another_vocabulary_are_refused(threads: ThreadPoolExecutor, bad: int) -> None:
    tokeniser = build(threads)
    with pytest.raises(TokenIdOutOfRange, match="check_embedding_ctx_length=False") as refusal:
        await tokeniser.frame([[5], [6, bad]], None)
    assert refusal.value.issues[0].position == 1
    with pytest.raises(TokenIdOutOfRange):
        await tokeniser.decode([[bad]], skip_special_tokens=True)


async def test_an_empty_list_of_ids_is_its_frame(threads: ThreadPoolExecutor) -> None:
    assert (await build(threads).frame([[]], None)).ids[0].tolist() == [BEGIN, END]


async def test_bulk_leaves_a_thread_to_single_texts(threads: ThreadPoolExecutor) -> None:
    tokeniser = build(threads, max_length=None)
    bulk = asyncio.create_task(tokeniser.encode(["word " * 20_000] * 40, "", None, is_bulk=True))
    await asyncio.sleep(0)
    single = await tokeniser.encode(["hi"], "", None)
    assert not bulk.done()
    assert single.counts.tolist() == [4]
    assert len((await bulk).ids) == 40


async def test_tokens_are_told_with_their_places(threads: ThreadPoolExecutor) -> None:
    ((begin, letter, end),) = await build(threads).inspect(["a"], add_special_tokens=True)
    assert (begin.is_special, letter.is_special, end.is_special) == (True, False, True)
    assert (letter.start, letter.stop, letter.text) == (0, 1, "a")
    assert begin.start is None
    ((alone,),) = await build(threads).inspect(["a"], add_special_tokens=False)
    assert alone.id == letter.id


async def test_a_tokenizer_without_special_tokens_has_no_frame(threads: ThreadPoolExecutor) -> None:
    plain = Tokenizer(models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?"))  # noqa: S106  not a password
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    facts = replace(FACTS, tokenizer=plain.to_str(), max_length=8, vocabulary_size=3)
    tokeniser = Tokeniser(facts, threads, workers=2)
    assert (await tokeniser.frame([[1, 0]], None)).ids[0].tolist() == [1, 0]
    assert (await tokeniser.encode(["a b c"], "", None)).ids[0].tolist() == [0, 1, 2]
