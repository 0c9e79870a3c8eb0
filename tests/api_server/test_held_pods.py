"""Pods that wait for their turn: their number is written, and nothing of what they are."""

from copy import deepcopy
from typing import Any

import pytest

from embedding_indexes import SHARED, wanted
from embedding_operator.cluster import KubernetesCluster
from embedding_operator.names import DEPLOYMENTS
from embedding_operator.plan.children import Child, list_children, mark, plan_changes
from embedding_operator.plan.renewal import hold_back, is_renewed, stamp
from tests.api_server.api import Api

pytestmark = pytest.mark.cluster

MANAGER = "operator"
OTHERS = {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-03-10T12:00:00Z"}}


def deployment(api: Api, release: str, replicas: int) -> Child:
    """As it is to be, of a release with an image and an annotation of its own."""
    spec = {**SHARED, "replicas": replicas, "podTemplate": {"annotations": {f"of-{release}": "x"}}}
    made = wanted(spec, namespace=api.namespace)
    children = stamp(list_children(made, "system", is_open=True), release, was_well=False)
    (child,) = [each for each in children if each.kind is DEPLOYMENTS]
    container = child.manifest["spec"]["template"]["spec"]["containers"][0]
    container["image"] = f"index:{release}"
    return child


async def test_they_are_scaled_and_stay_what_they_are_until_their_turn(
    api: Api, cluster: KubernetesCluster
) -> None:
    first = mark(deployment(api, "1", 2))
    await cluster.apply(DEPLOYMENTS, first.manifest, MANAGER)
    live: dict[str, Any] = dict(await cluster.get(DEPLOYMENTS, api.namespace, "docs"))
    patch = {"metadata": {"resourceVersion": live["metadata"]["resourceVersion"]},
             "spec": {"template": {"metadata": OTHERS}}}  # fmt: skip
    live = dict(await cluster.patch(DEPLOYMENTS, api.namespace, "docs", patch))
    before = deepcopy(live["spec"]["template"])
    second = deployment(api, "2", 3)
    key = second.key
    assert is_renewed([second], {key: live})
    held = hold_back([second], {key: live})
    meta = wanted(namespace=api.namespace).meta
    (change,) = plan_changes(held, {key: live}, meta, {}).applied
    scaled = dict(await cluster.apply(DEPLOYMENTS, change.manifest, MANAGER))
    assert (scaled["spec"]["replicas"], scaled["spec"]["template"]) == (3, before)
    assert is_renewed([second], {key: scaled})
    assert plan_changes(hold_back([second], {key: scaled}), {key: scaled}, meta, {}).applied == ()
    (change,) = plan_changes([second], {key: scaled}, meta, {}).applied
    renewed = dict(await cluster.apply(DEPLOYMENTS, change.manifest, MANAGER))
    template = renewed["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "index:2"
    assert template["metadata"]["annotations"] == {"of-2": "x", **OTHERS["annotations"]}
    assert not is_renewed([second], {key: renewed})
