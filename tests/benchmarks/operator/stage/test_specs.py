"""What people write is what the operator reads."""

import pytest

from benchmarks.operator.stage.specs import MIXED, MOST_REPLICAS, build_spec, change_spec
from embedding_operator.resources.index import IndexSpec


@pytest.mark.parametrize("number", range(len(MIXED)))
def test_every_spec_is_valid_and_has_no_more_pods_than_there_are_addresses(number: int) -> None:
    spec = IndexSpec.model_validate(build_spec(number))
    assert spec.replicas <= MOST_REPLICAS


@pytest.mark.parametrize("number", range(len(MIXED)))
def test_a_change_is_one(number: int) -> None:
    changed = IndexSpec.model_validate(change_spec(number))
    assert changed != IndexSpec.model_validate(build_spec(number))


def test_indexes_on_one_host_have_aliases_of_their_own() -> None:
    aliases = [str(spec["aliases"]) for spec in map(build_spec, range(100)) if "aliases" in spec]
    assert len(aliases) == len(set(aliases)) == 10
