"""Memory that is free goes back to the system."""

import platform

import numpy as np
import psutil
import pytest

from embedding_service.inference.workers import heap
from embedding_service.inference.workers.heap import Heap


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps holes for long")
def test_holes_in_the_heap_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_PAUSE", 0.0)
    process = psutil.Process()
    blocks = [np.ones(2_000, dtype=np.float64) for _ in range(8_000)]  # 122 MiB, too small to map
    del blocks[:-1]  # the last one holds the top of the heap
    before = process.memory_info().rss
    Heap().trim()
    assert before - process.memory_info().rss > 60 * 2**20
    assert blocks[0].sum() == 2_000


def test_it_is_left_alone_between_two_trims(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    own = Heap()
    monkeypatch.setattr(own, "_trim", calls.append)
    own.trim()
    assert calls == []
    monkeypatch.setattr(heap, "_PAUSE", 0.0)
    own.trim()
    assert calls == [0]
