"""A batch becomes runs of tokens from which every text can be had again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.backends.base import TokenBatch
from embedding_service.inference.backends.packing.layout import lay_out
from token_batches import draw_ids

_TEXTS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=40)


def _build(texts: list[tuple[int, int]], max_texts: int) -> tuple[TokenBatch, list[list[int]]]:
    ids = draw_ids([length for length, _ in texts], 1000, seed=len(texts))
    lengths, prompts = np.array(texts, dtype=np.int32).T
    batch = TokenBatch(np.concatenate(ids), lengths, prompts, max_texts)
    return batch, [each.tolist() for each in ids]


@given(texts=_TEXTS, max_texts=st.integers(1, 50))
def test_every_text_is_in_one_run_once(texts: list[tuple[int, int]], max_texts: int) -> None:
    batch, ids = _build(texts, max_texts)
    found = {}
    for layout in lay_out(batch):
        assert len(layout.rows) <= max_texts
        for row, start, length in zip(layout.rows, layout.starts, layout.lengths, strict=True):
            assert row not in found
            found[int(row)] = layout.ids[start : start + length].tolist()
    assert [found[row] for row in range(len(texts))] == ids


@given(texts=_TEXTS, max_texts=st.integers(1, 50))
def test_groups_are_of_one_shape_and_cover_the_run(
    texts: list[tuple[int, int]], max_texts: int
) -> None:
    batch, _ = _build(texts, max_texts)
    for layout in lay_out(batch):
        shapes = [
            (group.length, group.prompt_length)
            for group in layout.groups
            for _ in range(group.texts)
        ]
        assert shapes == [texts[row] for row in layout.rows]
        assert len(set(shapes)) == len(layout.groups)
        covered = [
            token for group in layout.groups for token in range(len(layout.ids))[group.tokens]
        ]
        assert covered == list(range(len(layout.ids)))
