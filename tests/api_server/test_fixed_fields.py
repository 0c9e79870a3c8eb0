"""What is fixed when an object is made stays so, by whatever way a change comes."""

import pytest

from tests.api_server.api import Api, Manifest, Refused
from tests.api_server.fixed_fields import FIELDS, SNAPSHOT_CHANGES, SNAPSHOT_TOLD, Fixed, Spec
from tests.api_server.kinds import index, snapshot

EVERY_FIELD = pytest.mark.parametrize("fixed", FIELDS, ids=lambda fixed: fixed.title)
UNRELATED = {"paused": True, "reload": {"snapshot": "7"}, "aliases": ["shop"]}


@EVERY_FIELD
def test_a_fixed_field_cannot_change(api: Api, fixed: Fixed) -> None:
    made = api.create(index(fixed.first))
    refuse(api, made, fixed.second, fixed.told)


@EVERY_FIELD
def test_a_fixed_field_cannot_go_and_come_back_as_another(api: Api, fixed: Fixed) -> None:
    made = api.create(index(fixed.first))
    refuse(api, made, fixed.without, fixed.told)
    refuse(api, made, fixed.second, fixed.told)


@EVERY_FIELD
def test_a_fixed_field_that_was_left_out_cannot_be_set(api: Api, fixed: Fixed) -> None:
    made = api.create(index(fixed.without))
    refuse(api, made, fixed.first, fixed.told)


@EVERY_FIELD
@pytest.mark.parametrize("state", ["first", "without"])
def test_what_has_nothing_to_do_with_a_fixed_field_may_change(
    api: Api, fixed: Fixed, state: str
) -> None:
    spec: Spec = getattr(fixed, state)
    made = api.create(index(spec))
    api.respec(made, {**spec, **UNRELATED})
    api.respec(made, spec)


def test_a_fixed_field_may_be_said_again(api: Api) -> None:
    made = api.create(index())
    assert api.respec(made, {"metric": "Cosine", "replicas": 1})["metadata"]["generation"] == 1


def test_a_spec_cannot_be_taken_away_to_be_set_anew(api: Api) -> None:
    made = api.create(index({"model": "a"}))
    with pytest.raises(Refused, match="spec: Required value"):
        api.merge(made, {"spec": None})


@pytest.mark.parametrize("change", SNAPSHOT_CHANGES.values(), ids=SNAPSHOT_CHANGES)
def test_nothing_of_a_snapshot_can_change(api: Api, change: Manifest) -> None:
    made = api.create(snapshot({"retention": "Expire", "deadline": "30m"}))
    with pytest.raises(Refused) as refusal:
        api.merge(made, {"spec": change})
    assert refusal.value.message.endswith(f": {SNAPSHOT_TOLD}")


def test_labels_and_annotations_of_a_snapshot_may_change(api: Api) -> None:
    made = api.create(snapshot())
    said = {"labels": {"release": "7"}, "annotations": {"example.com/why": "release"}}
    assert api.merge(made, {"metadata": said})["metadata"]["labels"] == {"release": "7"}


def refuse(api: Api, made: Manifest, spec: Spec, told: str) -> None:
    with pytest.raises(Refused) as refusal:
        api.respec(made, spec)
    assert told in refusal.value.message
