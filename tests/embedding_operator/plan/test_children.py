"""What has to be written, and what is left as it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from embedding_indexes import SHARED, wanted
from embedding_operator.children.metadata import DATA, UID
from embedding_operator.names import (
    BUDGETS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    INGRESSES,
    POLICIES,
    SERVICES,
    Kind,
)
from embedding_operator.observe.observation import ChildKey
from embedding_operator.plan.children import (
    Changes,
    Child,
    list_children,
    mark,
    plan_changes,
    settle,
)
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.objects import Manifest
from observed import keep

ALIASED = {"aliases": ["live"], "auth": {"mode": "None"}, "ingress": {"host": "shop.example"}}
SECOND: dict[str, Any] = {"name": "second", "uid": "uid-of-second"}


def children_of(made: Wanted) -> list[Child]:
    return list(list_children(made, "system", is_open=True))


def keep_all(made: Wanted) -> dict[ChildKey, Any]:
    """What the API server has of it."""
    return {**keep(map(mark, children_of(made)))}


def change(made: Wanted, live: dict[ChildKey, Manifest], **more: Any) -> Changes:
    given: dict[str, Any] = {"settled": {}, **more}
    return plan_changes(children_of(made), live, made.meta, **given)


def keys_of(changes: Changes) -> list[ChildKey]:
    return [child.key for child in changes.applied]


def test_everything_is_made_volumes_first_and_ways_in_last() -> None:
    kinds = [kind for kind, _ in keys_of(change(wanted(ALIASED), {}))]
    assert kinds == [CLAIMS, CONFIG_MAPS, POLICIES, DEPLOYMENTS, SERVICES, SERVICES, INGRESSES,
                     INGRESSES]  # fmt: skip


@pytest.mark.parametrize("spec", [{}, {**SHARED, "replicas": 3}, ALIASED])
def test_what_is_as_it_is_to_be_is_not_written(spec: dict[str, Any]) -> None:
    assert change(wanted(spec), keep_all(wanted(spec))) == Changes()


def test_what_has_changed_is_written_and_is_no_drift() -> None:
    live = keep_all(wanted({**SHARED, "replicas": 2}))
    changes = change(wanted({**SHARED, "replicas": 3}), live)
    assert keys_of(changes) == [(DEPLOYMENTS, "docs")]
    assert (changes.drifted, changes.removed) == ((), ())


def test_what_somebody_has_changed_is_put_back_and_told() -> None:
    live = keep_all(wanted())
    live[SERVICES, "docs"]["spec"]["selector"] = {"app": "other"}
    changes = change(wanted(), live)
    assert keys_of(changes) == [(SERVICES, "docs")]
    assert changes.drifted == ((SERVICES, "docs"),)


def test_a_rule_that_somebody_adds_to_the_network_policy_is_put_back() -> None:
    live = keep_all(wanted())
    live[POLICIES, "docs"]["spec"]["ingress"].append({"ports": [{"port": 8002}]})
    assert change(wanted(), live).drifted == ((POLICIES, "docs"),)


def test_what_somebody_adds_is_left() -> None:
    live = keep_all(wanted())
    deployment = live[DEPLOYMENTS, "docs"]
    deployment["metadata"]["annotations"]["theirs"] = "x"
    deployment["spec"]["template"]["spec"]["containers"].append({"name": "sidecar"})
    assert change(wanted(), live) == Changes()


def test_a_field_that_is_no_longer_wanted_leads_to_a_write() -> None:
    live = keep_all(wanted({"podTemplate": {"nodeSelector": {"disk": "fast"}}}))
    changes = change(wanted(), live)
    assert keys_of(changes) == [(DEPLOYMENTS, "docs")]
    assert changes.drifted == ()


def test_what_the_api_server_writes_in_its_own_way_is_written_once() -> None:
    live = keep_all(wanted())
    key = (DEPLOYMENTS, "docs")
    live[key]["spec"]["template"]["spec"]["containers"][0]["image"] = "docker.io/index:1"
    (child,) = [mark(each) for each in children_of(wanted()) if each.key == key]
    settled = {key: settle(child, live[key])}
    assert change(wanted(), live, settled=settled) == Changes()
    live[key]["spec"]["replicas"] = 5
    assert change(wanted(), live, settled=settled).drifted == (key,)


OWNED = (CONFIG_MAPS, SERVICES, POLICIES, DEPLOYMENTS)


def lose_labels(metadata: dict[str, Any]) -> None:
    del metadata["labels"]


def lose_owner(metadata: dict[str, Any]) -> None:
    metadata.pop("ownerReferences", None)


def change_label(metadata: dict[str, Any]) -> None:
    metadata["labels"][UID] = "another"


def change_owner(metadata: dict[str, Any]) -> None:
    metadata["ownerReferences"] = [{"uid": "another", "controller": True, "name": "x"}]


@pytest.mark.parametrize("kind", [CLAIMS, *OWNED])
@pytest.mark.parametrize("is_labelled", [False, True])
def test_what_is_not_the_indexs_is_never_adopted(kind: Kind, *, is_labelled: bool) -> None:
    live = keep_all(wanted())
    (key,) = [each for each in live if each[0] is kind]
    for lose in (change_owner,) if is_labelled else (lose_owner, lose_labels):
        lose(live[key]["metadata"])
    changes = change(wanted(), live)
    assert changes.foreign == (key,)
    assert (changes.applied, changes.removed) == ((), ())


@pytest.mark.parametrize("kind", OWNED)
@pytest.mark.parametrize("lose", [lose_labels, change_label])
def test_labels_that_somebody_takes_away_are_put_back(
    kind: Kind, lose: Callable[[Any], None]
) -> None:
    live = keep_all(wanted())
    (key,) = [each for each in live if each[0] is kind]
    lose(live[key]["metadata"])
    changes = change(wanted(), live)
    assert (changes.drifted, changes.foreign) == ((key,), ())


def test_a_volume_that_others_let_grow_stays_so() -> None:
    grown, key = keep_all(wanted()), (CLAIMS, "docs-data")
    grown[key]["spec"]["resources"]["requests"]["storage"] = "30Gi"
    assert change(wanted(), grown) == Changes()
    deleting = wanted({"deletionPolicy": "Delete"})
    (claim,) = [each for each in change(deleting, grown).applied if each.key == key]
    assert claim.manifest["spec"]["resources"]["requests"]["storage"] == "30Gi"
    larger = wanted({"database": {"type": "SQLite", "sqlite": {"size": "50Gi"}}})
    (claim,) = change(larger, grown).applied
    assert claim.manifest["spec"]["resources"]["requests"]["storage"] == "50Gi"


def test_what_is_no_longer_wanted_is_removed() -> None:
    live = keep_all(wanted({**SHARED, "replicas": 2}))
    changes = change(wanted({**SHARED, "replicas": 1}), live)
    assert [kind for kind, _ in changes.removed] == [BUDGETS]


def test_a_volume_is_never_removed() -> None:
    live = keep_all(wanted({"storage": {"type": "Volume", "volume": {}}}))
    changes = change(wanted({"storage": {"type": "Volume"}}), live)
    assert changes.removed == ()


def test_what_another_has_under_a_name_that_is_no_longer_wanted_is_left() -> None:
    live = keep_all(wanted({**SHARED, "replicas": 2}))
    change_owner(live[BUDGETS, "docs"]["metadata"])
    assert change(wanted({**SHARED, "replicas": 1}), live).removed == ()


def adopting(uid: str) -> Wanted:
    return replace(wanted(), data_uid=uid)


def test_a_retained_volume_is_taken_over_by_its_data_alone() -> None:
    volume = {key: body for key, body in keep_all(wanted(uid="old")).items() if key[0] is CLAIMS}
    assert change(wanted(), volume).foreign == ((CLAIMS, "docs-data"),)
    assert change(adopting("older"), volume).foreign == ((CLAIMS, "docs-data"),)
    taken = change(adopting("old"), volume)
    assert taken.foreign == ()
    assert (CLAIMS, "docs-data") in keys_of(taken)
    assert taken.drifted == ()


def test_a_volume_that_was_taken_over_still_says_whose_data_it_has() -> None:
    (claim, *_) = children_of(adopting("old"))
    labels = claim.manifest["metadata"]["labels"]
    assert (labels[DATA], labels[UID]) == ("old", wanted().meta.uid)


def test_nothing_but_a_volume_is_taken_over_by_a_uid() -> None:
    old = keep_all(wanted(uid="old"))
    del old[CLAIMS, "docs-data"]
    assert {kind for kind, _ in change(adopting("old"), old).foreign} == {
        CONFIG_MAPS, DEPLOYMENTS, POLICIES, SERVICES,
    }  # fmt: skip


def test_an_alias_is_taken_over_from_another_index_in_one_write() -> None:
    first, second = wanted(ALIASED), wanted(ALIASED, **SECOND)
    live = {**keep_all(second), **keep_all(first)}
    changes = change(second, live)
    assert set(keys_of(changes)) == {(SERVICES, "live"), (INGRESSES, "live")}
    assert (changes.foreign, changes.removed, changes.drifted) == ((), (), ())


def test_an_alias_that_another_index_has_taken_is_left_to_it() -> None:
    first = keep_all(wanted(ALIASED))
    live = {**first, **keep_all(wanted(ALIASED, **SECOND))}
    without = wanted({**ALIASED, "aliases": []})
    removed = {(kind, body["metadata"]["name"]) for kind, body in change(without, live).removed}
    assert removed == set()


def test_an_alias_that_nobody_wants_is_removed() -> None:
    changes = change(wanted({**ALIASED, "aliases": []}), keep_all(wanted(ALIASED)))
    assert [kind for kind, _ in changes.removed] == [SERVICES, INGRESSES]


def test_an_alias_that_another_index_wants_stays_until_that_takes_it() -> None:
    elsewhere = frozenset({(SERVICES, "live")})
    without = wanted({**ALIASED, "aliases": []})
    changes = change(without, keep_all(wanted(ALIASED)), elsewhere=elsewhere)
    assert [kind for kind, _ in changes.removed] == [INGRESSES]


def test_a_service_of_an_aliass_name_that_is_none_is_foreign() -> None:
    live = keep_all(wanted(ALIASED))
    for lose in (lose_labels, lose_owner):
        lose(live[SERVICES, "live"]["metadata"])
    assert change(wanted(ALIASED), live).foreign == ((SERVICES, "live"),)


def test_a_mark_says_nothing_of_itself() -> None:
    (child, *_) = children_of(wanted())
    assert mark(mark(child)).key == child.key
    annotations = [mark(each).manifest["metadata"]["annotations"] for each in (child, child)]
    assert annotations[0] == annotations[1]
