"""Rows are kept within their bytes, under all that they depend on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from embedding_service.inference.backends.hashing import HashingBackend
from embedding_service.inference.cache import Key, Known, Recipe, RowCache
from embedding_service.telemetry.metrics import Metrics

FACTS = HashingBackend(4).facts
RECIPE = Recipe("f" * 64, FACTS, "", None, "model")
SIZE = 4 * 4 + 512
"""Bytes of one row here."""


def open_cache(rows: int) -> tuple[RowCache, CollectorRegistry]:
    registry = CollectorRegistry()
    return RowCache(rows * SIZE, Metrics(registry)), registry


def keep(cache: RowCache, *keys: Key | None) -> None:
    for key in keys:
        cache.keep(key, np.ones(4, dtype=np.float32), 3, is_truncated=False)


async def key_of(recipe: Recipe, text: str | list[int]) -> Key | None:
    inputs: list[str] | list[list[int]] = [text] if isinstance(text, str) else [[*text]]
    (key,) = await recipe.keys_of(inputs)
    return key


def test_what_was_used_least_goes_first() -> None:
    cache, registry = open_cache(rows=2)
    keep(cache, b"a", b"b")
    assert list(cache.find("m", [b"a"])) == [0]
    keep(cache, b"c")
    assert list(cache.find("m", [b"a", b"b", b"c"])) == [0, 2]
    assert registry.get_sample_value("embedding_cache_evictions_total") == 1
    assert registry.get_sample_value("embedding_cache_bytes") == 2 * SIZE
    hits = registry.get_sample_value(
        "embedding_cache_lookups_total", {"model": "m", "result": "hit"}
    )
    misses = registry.get_sample_value(
        "embedding_cache_lookups_total", {"model": "m", "result": "miss"}
    )
    assert (hits, misses) == (3, 1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 400)), max_size=60))
def test_it_never_holds_more_than_its_bytes_and_gives_what_it_was_given(
    kept: list[tuple[int, int]],
) -> None:
    registry = CollectorRegistry()
    cache = RowCache(5_000, Metrics(registry))
    newest: dict[int, int] = {}
    for number, dimension in kept:
        row = np.full(dimension, dimension, dtype=np.float32)
        cache.keep(bytes([number]), row, dimension, is_truncated=False)
        newest[number] = dimension
        held = registry.get_sample_value("embedding_cache_bytes")
        assert held is not None
        assert held <= 5_000
        for at, known in cache.find("m", [bytes([at]) for at in range(10)]).items():
            assert known.row.tolist() == [newest[at]] * newest[at]


def test_a_row_that_has_no_room_is_not_kept() -> None:
    cache, _ = open_cache(rows=1)
    cache.keep(b"a", np.ones(5, dtype=np.float32), 3, is_truncated=False)
    assert cache.find("m", [b"a"]) == {}


def test_what_is_kept_is_not_the_callers_to_change() -> None:
    cache, _ = open_cache(rows=1)
    row = np.ones(4, dtype=np.float32)
    cache.keep(b"a", row, 3, is_truncated=True)
    row[:] = 9
    known = cache.find("m", [b"a"])[0]
    assert isinstance(known, Known)
    assert known.row.tolist() == [1, 1, 1, 1]
    assert (known.tokens, known.is_truncated) == (3, True)


@pytest.mark.parametrize(
    "other",
    [
        replace(RECIPE, fingerprint="e" * 64),
        replace(RECIPE, prompt="query: "),
        replace(RECIPE, side="left"),
        replace(RECIPE, vocabulary="foreign"),
        replace(RECIPE, facts=replace(FACTS, dtype="bfloat16")),
        replace(RECIPE, facts=replace(FACTS, backend="reference")),
        replace(RECIPE, facts=replace(FACTS, device="cuda:0")),
        replace(RECIPE, facts=replace(FACTS, linears="prepacked")),
    ],
)
async def test_whatever_changes_a_row_changes_its_key(other: Recipe) -> None:
    assert await key_of(RECIPE, "text") == await key_of(replace(RECIPE), "text")
    assert await key_of(RECIPE, "text") != await key_of(other, "text")


async def test_gpus_of_one_server_share_their_rows() -> None:
    first, second = (
        replace(RECIPE, facts=replace(FACTS, device=device)) for device in ("cuda:0", "cuda:1")
    )
    assert await key_of(first, "text") == await key_of(second, "text")


async def test_texts_and_ids_do_not_meet() -> None:
    keys = [await key_of(RECIPE, each) for each in ("1,2", [1, 2], [12], "", [])]
    assert len(set(keys)) == 5
    assert await key_of(RECIPE, [2**70]) is not None, "whether the model has it is told elsewhere"


async def test_what_is_very_long_has_no_key() -> None:
    cache, _ = open_cache(rows=1)
    assert await key_of(RECIPE, "x" * 70_000) is None
    keep(cache, None)
    assert cache.find("m", [None]) == {}
