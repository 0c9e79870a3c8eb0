"""Releases of the chart that follow each other while people use what they have installed."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from tests.chart.helm import Helm
from tests.cluster.kubectl import Kubectl
from tests.cluster.sites import ROOT
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, find, list_ids
from tests.e2e.installation import build_index, wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.releases import NEW, OLD, Release, build_values
from tests.e2e.stores import build_secrets, build_storage, new_database
from tests.e2e.test_upgrades import wait_for_answers, wait_for_image
from tests.e2e.traffic import embedding, traffic

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

Record: TypeAlias = Callable[[str, object], None]
FIRST = ROOT / "tests" / "chart" / "released" / "gpu-embedding-0.1.0.tgz"
REQUESTS = 50
"""To the tier, that are answered after each step."""
CHANGED = {"server.config": {"MAX_BATCH_TOKENS": 4096}, "defaults.bounds.rollouts": 2}


def test_an_upgrade_from_the_first_release_and_the_way_back_cost_nobody_an_answer(
    vacancy: Release, namespace: Namespace, kubectl: Kubectl, record_property: Record
) -> None:
    values = build_values("first-") | {"server.replicaCount": 2}
    vacancy.install(values, FIRST)
    namespace.apply(*build_secrets(new_database(kubectl)))
    namespace.apply(build_index("docs", replicas=2, **build_storage()))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
    with embedding(namespace, vacancy.url) as tier, traffic(namespace, "docs") as index:
        vacancy.upgrade(build_values() | CHANGED)
        wait_for_image(namespace, "docs", "index")
        wait_for_answers(tier, REQUESTS)
        vacancy.roll_back(1)
        wait_for_image(namespace, "docs", "first-index")
        wait_for_answers(tier, REQUESTS)
        told = {"tier": tier.stop(), "index": index.stop()}
    for name, each in told.items():
        record_property(f"answers_of_the_{name}", each.count)
        assert each.failures == {}, each.examples
    with namespace.http("service/docs", PORT) as http:
        assert list_ids(http, "docs") == {*told["index"].ids, *TEXTS}


@pytest.mark.parametrize("helm", [OLD], ids=[OLD.version])
def test_helm_4_takes_over_what_helm_3_runs(
    vacancy: Release, helm: Helm, namespace: Namespace
) -> None:
    vacancy.install()
    namespace.apply(build_index("docs"))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
    before = {pod["metadata"]["uid"] for pod in vacancy.find_pods("server")}
    replace(vacancy, helm=NEW).upgrade(CHANGED)
    after = {pod["metadata"]["uid"] for pod in vacancy.find_pods("server")}
    assert len(after) == 1
    assert not after & before
    with namespace.http("service/docs", PORT) as http:
        assert find(http, "docs") == "cat"
