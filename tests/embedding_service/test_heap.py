"""Memory that is free goes back to the system."""

import platform
import subprocess
import sys

import numpy as np
import psutil
import pytest

from embedding_service.heap import Heap


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps holes for long")
def test_holes_in_the_heap_are_given_back() -> None:
    process = psutil.Process()
    blocks = [np.ones(2_000, dtype=np.float64) for _ in range(8_000)]  # 122 MiB, too small to map
    del blocks[:-1]  # the last one holds the top of the heap
    before = process.memory_info().rss
    Heap(pause=0.0).trim()
    assert before - process.memory_info().rss > 60 * 2**20
    assert blocks[0].sum() == 2_000


def test_it_is_left_alone_between_two_trims(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    patient, hasty = Heap(pause=3_600.0), Heap(pause=0.0)
    for each in (patient, hasty):
        monkeypatch.setattr(each, "_trim", calls.append)
    patient.trim()
    assert calls == []
    patient.trim(at_once=True)
    assert calls == [0]
    hasty.trim()
    assert calls == [0, 0]


def test_what_is_there_when_all_is_ready_is_not_collected_again() -> None:
    """In a process of its own: it is for good."""
    program = """
import gc
from embedding_service.heap import importing, settle
with importing():
    assert not gc.isenabled()
    import email.mime.text
assert gc.isenabled()
imported = gc.get_freeze_count()
later = [[] for _ in range(1_000)]
settle()
kept = gc.get_freeze_count()
class Loop: pass
loop = Loop()
loop.own = loop
del loop
assert kept - 1_000 >= imported > 1_000, (kept, imported)
assert gc.collect() > 0, "later cycles are found"
assert gc.get_freeze_count() == kept
"""
    subprocess.run([sys.executable, "-c", program], check=True)
