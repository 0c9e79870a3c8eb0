"""Who has a path or an alias that several indexes ask for."""

from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import NAMESPACE, NOW, index_body
from embedding_indexes import wanted as wanted_of
from embedding_operator.names import INDEXES, INGRESSES, SERVICES
from embedding_operator.observe.cache import Cache
from embedding_operator.observe.claims import find_claims, find_rivals
from embedding_operator.observe.observation import Claims
from embedding_operator.plan.children import Child, list_children
from embedding_operator.resources.objects import parse_index
from embedding_operator.resources.times import write_time

READY = {
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "AsExpected",
            "message": "",
            "observedGeneration": 1,
            "lastTransitionTime": write_time(NOW),
        }
    ]
}
SHOP = {"ingress": {"host": "shop.example"}}


class Town:
    """Indexes of a cluster, each younger than the one before."""

    def __init__(self) -> None:
        self.cache = Cache()
        self.version = 100

    def build(
        self,
        name: str,
        spec: dict[str, Any],
        status: dict[str, Any] | None = None,
        *,
        is_ready: bool = False,
        **meta: Any,
    ) -> None:
        self.version += 1
        given = {"uid": f"uid-of-{name}", "creationTimestamp": self._age(name), **meta}
        status = {**(READY if is_ready else {}), **(status or {})}
        body = index_body(spec, status, name=name, resourceVersion=str(self.version), **given)
        self.cache.put(INDEXES, body)

    def lead(self, alias: str, name: str) -> None:
        """As the operator does for the index `name`."""
        self.version += 1
        made = wanted_of({"aliases": [alias]}, name=name, uid=f"uid-of-{name}")
        (child,) = [
            each
            for each in list_children(made, "system", is_open=True)
            if each.key == (SERVICES, alias)
        ]
        self.cache.put(SERVICES, self._kept(child, name))

    def claims(self, name: str, namespace: str = NAMESPACE) -> Claims:
        body = self.cache.get(INDEXES, namespace, name)
        assert body is not None
        return find_claims(parse_index(body), self.cache)

    def _kept(self, child: Child, name: str) -> dict[str, Any]:
        metadata = {**child.manifest["metadata"], "resourceVersion": str(self.version)}
        return {**child.manifest, "metadata": {**metadata, "uid": "uid-of-the-service"}}

    def _age(self, name: str) -> str:
        places = ("first", "second", "third")
        place = places.index(name) if name in places else len(places)
        return write_time(NOW + timedelta(minutes=place))


@pytest.fixture
def town() -> Town:
    return Town()


def leads_to(town: Town, alias: str = "live") -> list[str]:
    names = [body["metadata"]["name"] for body in town.cache.all(INDEXES)]
    return [name for name in names if alias in town.claims(name).aliases]


LIVE = {"aliases": ["live"]}


def test_an_alias_of_one_index_leads_to_it_before_it_is_ready(town: Town) -> None:
    town.build("first", LIVE)
    assert leads_to(town) == ["first"]


def test_an_alias_leads_to_the_newest_that_is_ready(town: Town) -> None:
    town.build("first", LIVE, is_ready=True)
    town.build("second", LIVE, is_ready=True)
    town.build("third", LIVE)
    assert leads_to(town) == ["second"]


def test_an_alias_is_switched_when_the_new_index_is_ready_and_no_sooner(town: Town) -> None:
    town.build("first", LIVE, is_ready=True)
    town.lead("live", "first")
    town.build("second", LIVE)
    assert leads_to(town) == ["first"]
    town.build("second", LIVE, is_ready=True)
    assert leads_to(town) == ["second"]


def test_who_has_an_alias_keeps_it_while_not_ready(town: Town) -> None:
    town.build("first", LIVE, is_ready=True)
    town.build("second", LIVE, is_ready=True)
    town.lead("live", "second")
    town.build("second", LIVE)
    assert leads_to(town) == ["second"]


def test_who_has_an_alias_gives_it_to_a_newer_one_that_is_ready(town: Town) -> None:
    town.build("first", LIVE, is_ready=True)
    town.lead("live", "first")
    town.build("second", LIVE)
    town.build("third", LIVE, is_ready=True)
    assert leads_to(town) == ["third"]


def test_an_alias_that_is_taken_off_goes_back(town: Town) -> None:
    town.build("first", LIVE, is_ready=True)
    town.build("second", LIVE, is_ready=True)
    town.lead("live", "second")
    town.build("second", {}, is_ready=True)
    assert leads_to(town) == ["first"]
    assert town.claims("second").wanted_elsewhere == {(SERVICES, "live")}


def test_an_alias_goes_back_when_its_index_is_being_deleted(town: Town) -> None:
    town.build("first", LIVE)
    town.build("second", LIVE, is_ready=True, deletionTimestamp=write_time(NOW))
    town.lead("live", "second")
    assert "live" in town.claims("first").aliases


def test_an_alias_begins_with_the_newest_where_none_is_ready(town: Town) -> None:
    town.build("first", LIVE)
    town.build("second", LIVE)
    assert leads_to(town) == ["second"]


def test_a_service_that_is_no_alias_holds_none(town: Town) -> None:
    town.build("first", LIVE)
    foreign = {"metadata": {"namespace": NAMESPACE, "name": "live", "uid": "x"}}
    town.cache.put(SERVICES, foreign)
    assert leads_to(town) == ["first"]


def test_aliases_of_other_namespaces_do_not_count(town: Town) -> None:
    town.build("first", LIVE)
    town.build("second", LIVE, is_ready=True, namespace="others")
    assert town.claims("first").aliases == ("live",)
    assert town.claims("first").wanted_elsewhere == frozenset()


def test_an_alias_with_a_path_elsewhere_leaves_both_to_the_other(town: Town) -> None:
    town.build("first", {**LIVE, **SHOP})
    town.build("second", {})
    assert town.claims("second").wanted_elsewhere == {(SERVICES, "live"), (INGRESSES, "live")}


def test_an_alias_that_is_an_older_indexs_name_is_refused(town: Town) -> None:
    younger = write_time(NOW + timedelta(1))
    town.build("first", {"aliases": ["second", "live"]}, creationTimestamp=younger)
    town.build("second", {})
    assert list(town.claims("first").names) == ["second"]
    assert not town.claims("second").names


def test_an_index_of_the_name_of_an_older_ones_alias_does_not_stop_that_one(town: Town) -> None:
    town.build("first", LIVE)
    town.build("live", {}, creationTimestamp=write_time(NOW + timedelta(1)))
    assert not town.claims("first").names


def test_of_two_namespaces_the_older_index_has_a_path(town: Town) -> None:
    town.build("first", SHOP, namespace="others")
    town.build("first", SHOP, uid="younger", creationTimestamp=write_time(NOW + timedelta(1)))
    paths = ["/api/v1/indexes/first", "/api/v1/indexes/first/"]
    assert town.claims("first").paths == dict.fromkeys(paths, "others/first")
    assert not town.claims("first", "others").paths


def test_of_two_that_were_made_in_one_second_one_has_the_path(town: Town) -> None:
    made: dict[str, Any] = {"creationTimestamp": write_time(NOW)}
    town.build("x", SHOP, namespace="others", uid="1", **made)
    town.build("x", SHOP, uid="2", **made)
    assert [bool(town.claims("x", each).paths) for each in ("others", NAMESPACE)] == [False, True]


def test_the_default_index_also_has_the_paths_without_a_name(town: Town) -> None:
    old: dict[str, Any] = {
        "namespace": "others",
        "creationTimestamp": write_time(NOW - timedelta(9)),
    }
    town.build("default", SHOP, **old)
    town.build("first", {**SHOP, "aliases": ["default"]})
    assert "/api/v1/similarity/search" in town.claims("first").paths


@pytest.mark.parametrize(
    "other",
    [
        {"spec": {}},
        {"spec": {"ingress": {"host": "other.example"}}},
        {"spec": {"ingress": {"host": "shop.example", "path": "/elsewhere"}}},
        {"spec": SHOP, "namespace": NAMESPACE, "name": "b"},
        {"spec": SHOP, "deletionTimestamp": write_time(NOW)},
    ],
)
def test_who_wants_something_else_takes_nothing(town: Town, other: dict[str, Any]) -> None:
    spec = other.pop("spec")
    old: dict[str, Any] = {
        "namespace": "others",
        "creationTimestamp": write_time(NOW - timedelta(9)),
    }
    town.build(other.pop("name", "first"), spec, **{**old, "uid": "other", **other})
    town.build("first", SHOP)
    assert not town.claims("first").paths


def test_an_index_without_a_spec_does_not_stand_in_the_way(town: Town) -> None:
    body = index_body(name="bare", uid="bare")
    del body["spec"]
    town.cache.put(INDEXES, body)
    town.build("first", {**SHOP, **LIVE})
    assert town.claims("first").aliases == ("live",)


@pytest.mark.parametrize(
    "ingress", [{"host": "shop.example", "path": 3}, {"path": "/x"}, {"host": ["shop.example"]}]
)
def test_an_older_index_that_cannot_be_read_has_no_path_and_harms_nobody(
    town: Town, ingress: dict[str, Any]
) -> None:
    town.build("first", {"ingress": ingress}, namespace="others")
    town.build("second", SHOP)
    assert town.claims("second").paths == {}
    body = town.cache.get(INDEXES, "others", "first")
    assert body is not None
    assert set(find_rivals(body, town.cache)) <= {(NAMESPACE, "second")}


def test_the_data_of_other_indexes_is_theirs_until_they_are_gone() -> None:
    town = Town()
    town.build("a", {})
    town.build("b", {}, {"dataUid": "old"}, deletionTimestamp=write_time(NOW))
    assert town.claims("a").data == {"uid-of-b", "old"}
    assert town.claims("b").data == {"uid-of-a"}
