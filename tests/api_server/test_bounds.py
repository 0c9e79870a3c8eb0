"""Every bound of a spec holds, and says so where it is broken."""

import pytest

from embedding_operator.names import INDEXES, SNAPSHOTS
from tests.api_server.api import Api, Manifest, Refused
from tests.api_server.bounds import Bound, list_bounds
from tests.api_server.kinds import index, snapshot
from tests.api_server.samples import FILE, RETAINED, SERVERS, SNAPSHOT

OF_INDEX = list(list_bounds(INDEXES, SERVERS, FILE, RETAINED))
OF_SNAPSHOT = list(list_bounds(SNAPSHOTS, SNAPSHOT))
EDGES = [bound for bound in OF_INDEX if bound.inside() is not None]


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(index(FILE), id="file"),
        pytest.param(index(SERVERS), id="servers"),
        pytest.param(index(RETAINED), id="retained"),
        pytest.param(snapshot(SNAPSHOT), id="snapshot"),
        pytest.param(index(), id="smallest-index"),
        pytest.param(snapshot(), id="smallest-snapshot"),
    ],
)
def test_what_people_write_is_accepted(api: Api, manifest: Manifest) -> None:
    made = api.create(manifest)
    assert made["spec"].items() >= manifest["spec"].items()


@pytest.mark.parametrize("bound", OF_INDEX, ids=str)
def test_an_index_outside_of_a_bound_is_refused(api: Api, bound: Bound) -> None:
    refuse(api, index(bound.outside()), bound)


@pytest.mark.parametrize("bound", OF_SNAPSHOT, ids=str)
def test_a_snapshot_outside_of_a_bound_is_refused(api: Api, bound: Bound) -> None:
    spec = bound.outside()
    refuse(api, snapshot() | {"spec": spec}, bound)


@pytest.mark.parametrize("bound", EDGES, ids=str)
def test_an_index_at_the_edge_of_a_bound_is_accepted(api: Api, bound: Bound) -> None:
    spec = bound.inside()
    assert spec is not None
    api.create(index(spec))


def refuse(api: Api, manifest: Manifest, bound: Bound) -> None:
    with pytest.raises(Refused) as refusal:
        api.create(manifest)
    where, what = bound.told
    assert f"{where}: " in refusal.value.message
    assert what in refusal.value.message
