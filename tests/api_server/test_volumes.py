"""A volume that an index asks for may grow, and no more."""

from collections.abc import Callable

import pytest

from tests.api_server.api import Api, Refused
from tests.api_server.fixed_fields import GROWTH_TOLD, Spec
from tests.api_server.kinds import index

Claimed = Callable[[str | None], Spec]


def of_sqlite(size: str | None) -> Spec:
    return {"database": {"type": "SQLite", "sqlite": {} if size is None else {"size": size}}}


def of_snapshots(size: str | None) -> Spec:
    return {"storage": {"type": "Volume", "volume": {} if size is None else {"size": size}}}


BOTH = pytest.mark.parametrize("claimed", [of_sqlite, of_snapshots])


@BOTH
@pytest.mark.parametrize(("before", "after"), [("1Gi", "2Gi"), ("1Gi", "1.5Gi"), ("9Gi", "10Gi")])
def test_a_volume_may_grow(api: Api, claimed: Claimed, before: str, after: str) -> None:
    made = api.create(index(claimed(before)))
    api.respec(made, claimed(after))


@BOTH
def test_a_size_may_be_written_in_another_way(api: Api, claimed: Claimed) -> None:
    made = api.create(index(claimed("1024Mi")))
    api.respec(made, claimed("1Gi"))


@BOTH
def test_a_size_that_was_left_out_may_be_said(api: Api, claimed: Claimed) -> None:
    made = api.create(index(claimed(None)))
    api.respec(made, claimed("1Gi"))


@BOTH
@pytest.mark.parametrize("after", ["1Gi", "1999Mi", None])
def test_a_volume_cannot_shrink(api: Api, claimed: Claimed, after: str | None) -> None:
    made = api.create(index(claimed("2Gi")))
    with pytest.raises(Refused) as refusal:
        api.respec(made, claimed(after))
    assert refusal.value.message.endswith(GROWTH_TOLD)


def test_the_size_of_the_database_cannot_go_with_all_that_is_said_of_its_volume(api: Api) -> None:
    made = api.create(index(of_sqlite("2Gi")))
    with pytest.raises(Refused) as refusal:
        api.respec(made, {"database": {"type": "SQLite"}})
    assert refusal.value.message.endswith(f"sqlite.{GROWTH_TOLD}")


def test_a_volume_of_the_database_may_be_spoken_of_later(api: Api) -> None:
    made = api.create(index({"database": {"type": "SQLite"}}))
    api.respec(made, of_sqlite("20Gi"))


def test_snapshots_may_move_from_a_volume_to_a_bucket(api: Api) -> None:
    made = api.create(index(of_snapshots("2Gi")))
    api.respec(made, {"storage": {"type": "S3", "s3": {"bucket": "snapshots"}}})
