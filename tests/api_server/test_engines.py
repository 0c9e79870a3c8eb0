"""What an index is searched by may change, from anything to anything, at any time."""

import itertools

import pytest

from tests.api_server.api import Api
from tests.api_server.fixed_fields import Spec
from tests.api_server.kinds import index

ENGINES: list[Spec] = [
    {},
    {"engine": {"type": "Flat"}},
    {"engine": {"exactRows": 20_000, "recall": 0.9}},
    {"engine": {"type": "HNSW", "hnsw": {"m": 16}}},
    {"engine": {"type": "IVF", "ivf": {"nlist": 64}}},
]


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(ENGINES, 2)))
def test_an_engine_may_change(api: Api, first: Spec, second: Spec) -> None:
    made = api.create(index(first))
    changed = api.respec(made, second)
    assert changed["metadata"]["generation"] == 2
    assert ("engine" in changed["spec"]) == ("engine" in second)


def test_what_a_type_needs_is_there_without_being_said(api: Api) -> None:
    made = api.create(index({"engine": {"type": "HNSW", "hnsw": {}}}))
    assert made["spec"]["engine"]["hnsw"] == {"m": 32, "efConstruction": 128}
