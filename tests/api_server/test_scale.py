"""The number of pods is read and set through /scale, as HorizontalPodAutoscalers do."""

import subprocess

import pytest

from embedding_operator.names import INDEXES
from tests.api_server.api import Api
from tests.api_server.kinds import NAME, index
from tests.cluster.kubectl import Kubectl

SQLITE = {"database": {"type": "SQLite"}}
POSTGRESQL = {"database": {"type": "PostgreSQL"}}


def scale(kubectl: Kubectl, replicas: int) -> None:
    kubectl("scale", "ei", NAME, f"--replicas={replicas}")


def test_the_smallest_index_has_a_scale_of_one(api: Api) -> None:
    api.create(index())
    assert api.get(INDEXES, NAME, "/scale")["spec"] == {"replicas": 1}


@pytest.mark.parametrize("replicas", [0, 1])
def test_an_index_on_sqlite_can_be_scaled_to_one_pod_and_to_none(
    api: Api, kubectl: Kubectl, replicas: int
) -> None:
    api.create(index(SQLITE))
    scale(kubectl, replicas)
    assert api.get(INDEXES, NAME)["spec"]["replicas"] == replicas


def test_an_index_on_sqlite_cannot_be_scaled_to_three_pods(api: Api, kubectl: Kubectl) -> None:
    api.create(index(SQLITE))
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        scale(kubectl, 3)
    assert "SQLite serves one pod: set replicas (or autoscaling.max) to 1" in refusal.value.stderr
    assert api.get(INDEXES, NAME)["spec"]["replicas"] == 1


@pytest.mark.parametrize("spec", [POSTGRESQL, {}], ids=["postgresql", "the-default-database"])
def test_an_index_on_what_may_be_shared_can_be_scaled_to_three_pods(
    api: Api, kubectl: Kubectl, spec: dict[str, object]
) -> None:
    api.create(index(spec))
    scale(kubectl, 3)
    assert api.get(INDEXES, NAME, "/scale")["spec"] == {"replicas": 3}


def test_an_index_cannot_be_scaled_beyond_the_most_pods(api: Api, kubectl: Kubectl) -> None:
    api.create(index(POSTGRESQL))
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        scale(kubectl, 101)
    assert "should be less than or equal to 100" in refusal.value.stderr


def test_an_autoscaler_finds_pods_and_their_number(api: Api) -> None:
    made = api.create(index(POSTGRESQL))
    selector = "gpu-embedding.io/index=products,gpu-embedding.io/role=server"
    api.merge(made, {"status": {"replicas": 2, "selector": selector}}, "/status")
    assert api.get(INDEXES, NAME, "/scale")["status"] == {"replicas": 2, "selector": selector}
