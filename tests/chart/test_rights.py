"""The operator may do what it does, and nothing else; nobody may more than they could before."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api_server.rights import Right, list_given
from tests.chart.helm import CHART, Helm, Manifest
from tests.chart.in_process import render
from tests.chart.manifests import find, find_all
from tests.chart.trees import build


def list_rights(roles: list[Manifest]) -> set[Right]:
    return {
        Right(group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_its_rules_are_those_that_every_call_is_held_to(default: list[Manifest]) -> None:
    """tests/api_server/test_rights.py records all calls: none is missing, none too many."""
    given = list_rights([find(default, "ClusterRole", "-operator.default"), find(default, "Role")])
    assert given == list_given()


def test_in_its_namespaces_alone_it_may_the_same(helm: Helm, default: list[Manifest]) -> None:
    whole = find(default, "ClusterRole", "-operator.default")["rules"]
    manifests = helm.template(CHART / "ci" / "namespaced-values.yaml")
    for role in find_all(manifests, "Role", "-operator.default"):
        assert role["rules"] == whole


def test_it_may_not_do_everything_with_anything_nor_read_secrets(default: list[Manifest]) -> None:
    roles = [*find_all(default, "ClusterRole"), *find_all(default, "Role")]
    assert not [right for right in list_rights(roles) if "*" in right]
    about = [rule for role in roles for rule in role["rules"] if "secrets" in rule["resources"]]
    named = [rule.get("resourceNames") for rule in about if rule["verbs"] != ["create"]]
    assert named == [["gpu-embedding-operator-keys"]]
    assert not [
        role
        for role in find_all(default, "ClusterRole")
        if any("secrets" in rule["resources"] for rule in role["rules"])
    ]


def test_every_role_is_bound_to_the_operators_account_or_added_to_peoples() -> None:
    manifests = render({})
    account = find(manifests, "ServiceAccount", "-operator")["metadata"]["name"]
    for scope in ("ClusterRole", "Role"):
        bound = {each["roleRef"]["name"] for each in find_all(manifests, f"{scope}Binding")}
        for role in find_all(manifests, scope):
            labels = role["metadata"]["labels"]
            is_added = any(key.startswith("rbac.authorization.k8s.io/") for key in labels)
            assert is_added is not (role["metadata"]["name"] in bound)
    for binding in (
        *find_all(manifests, "ClusterRoleBinding"),
        *find_all(manifests, "RoleBinding"),
    ):
        assert [each["name"] for each in binding["subjects"]] == [account]


def test_who_views_or_edits_a_namespace_does_so_with_its_indexes(default: list[Manifest]) -> None:
    view, edit = (find(default, "ClusterRole", f"-{name}.default") for name in ("view", "edit"))
    assert {right.verb for right in list_rights([view])} == {"get", "list", "watch"}
    resources = {right.resource for right in list_rights([edit])}
    assert not {each for each in resources if each.endswith(("/status", "/finalizers"))}


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({"operator.rbac.create": False, "operator.rbac.aggregate": False}, set()),
        ({"operator.rbac.create": False}, {"ClusterRole"}),
        ({"operator.enabled": False}, set()),
    ],
    ids=str,
)
def test_rights_that_others_give_are_left_to_them(
    values: Mapping[str, Any], kinds: set[str]
) -> None:
    manifests = render(build(values))
    found = {each["kind"] for each in manifests if "Role" in each["kind"]}
    assert found == kinds
