"""Threads: work is spread over them, in order, and its errors come back."""

import threading
from collections.abc import Iterator

import pytest

from embedding_service.retrieval.pools import Pools

SECONDS = 60.0


@pytest.fixture
def pools() -> Iterator[Pools]:
    opened = Pools(writers=1, readers=1, searchers=2)
    yield opened
    opened.close()


def test_several_are_done_side_by_side(pools: Pools) -> None:
    together = threading.Barrier(2)

    def meet(number: int) -> int:
        together.wait(SECONDS)
        return 10 * number

    assert list(pools.spread(meet, iter([1, 2, 3, 4]))) == [10, 20, 30, 40]


def test_one_stays_in_its_thread(pools: Pools) -> None:
    assert list(pools.spread(lambda _: threading.get_ident(), [1])) == [threading.get_ident()]
    assert list(pools.spread(lambda _: threading.get_ident(), [])) == []


def test_with_one_core_nothing_is_spread() -> None:
    pools = Pools(writers=1, readers=1, searchers=1)
    found = set(pools.spread(lambda _: threading.get_ident(), [1, 2, 3]))
    pools.close()
    assert found == {threading.get_ident()}


def test_an_error_comes_back(pools: Pools) -> None:
    def fail(number: int) -> int:
        raise ValueError(number)

    with pytest.raises(ValueError, match="1"):
        list(pools.spread(fail, [1, 2]))
