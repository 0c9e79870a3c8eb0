"""Bitmaps: the same as a list of bools, and nobody's copy changes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.indexes.segments.bitmaps import Bitmap

masks = st.lists(st.booleans(), max_size=40)


@given(mask=masks, more=st.integers(0, 20), chosen=st.sets(st.integers(0, 39)))
def test_a_bitmap_is_what_a_list_of_bools_would_be(
    mask: list[bool], more: int, chosen: set[int]
) -> None:
    bitmap = Bitmap.of(np.array(mask, dtype=np.bool_))
    slots = np.array([slot for slot in chosen if slot < len(mask)], dtype=np.int64)
    cleared = bitmap.with_cleared(slots)
    assert cleared.mask.tolist() == [
        is_one and slot not in chosen for slot, is_one in enumerate(mask)
    ]
    appended = bitmap.with_appended(more)
    assert appended.mask.tolist() == mask + [True] * more
    assert appended.ones == sum(mask) + more
    assert (bitmap & cleared).mask.tolist() == cleared.mask.tolist()
    assert bitmap.has(slots).tolist() == [mask[slot] for slot in slots.tolist()]
    assert bitmap.slots.tolist() == [slot for slot, is_one in enumerate(mask) if is_one]
    assert bitmap.mask.tolist() == mask
