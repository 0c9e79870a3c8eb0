"""Fixtures of the tests against an API server alone. Whatever uses one is marked `cluster`."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from embedding_operator.cluster import KubernetesCluster
from embedding_operator.names import GROUP, INDEXES
from tests.api_server.api import KINDS, Api, connect, new_namespace, take_all
from tests.api_server.worlds import connected
from tests.cluster import programs
from tests.cluster.api_servers import ApiServer, running_api_server
from tests.cluster.kubectl import Kubectl
from tests.cluster.sites import KUBERNETES, ROOT, this_site
from waiting import wait_until

OWN = this_site().kubernetes
OTHERS = [version for version in KUBERNETES.values() if version != OWN]
VERSIONS = [
    pytest.param(OWN, marks=pytest.mark.cluster),
    *(
        pytest.param(version, marks=[pytest.mark.cluster, pytest.mark.other_kubernetes])
        for version in OTHERS
    ),
]


@pytest.fixture(scope="session", params=VERSIONS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiServer]:
    """One that has our definitions. Where it cannot be built, its tests fail and say why."""
    program = programs.build_one(this_site(), programs.kubernetes(request.param))
    with running_api_server(tmp_path_factory.mktemp("api-server"), program) as running:
        running.kubectl("apply", "--server-side", f"--filename={ROOT / 'crds'}")
        running.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        wait_until(lambda: are_known(running.kubectl), seconds=30, what="kubectl knows our kinds")
        yield running


def are_known(kubectl: Kubectl) -> bool:
    """Whether kubectl has our kinds, with their short names, and can explain them.

    It remembers what it found before they were there: asking for all resources makes it look anew.
    """
    found = kubectl("api-resources", f"--api-group={GROUP}", "--output=name").split()
    described = ("get", f"--raw=/openapi/v3{INDEXES.path}")
    return (
        len(found) == len(KINDS)
        and kubectl.says(*described)
        and all(f'"{kind}"' in kubectl(*described) for kind in KINDS)
    )


@pytest.fixture(autouse=True)
def indexes_end_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whichever test makes them: an operator that a later one starts would be busy with them."""
    http = request.getfixturevalue("http") if "server" in request.fixturenames else None
    yield
    if http is not None:
        take_all(http)


@pytest.fixture(scope="session")
def http(server: ApiServer) -> Iterator[httpx.Client]:
    with connect(server) as client:
        yield client


@pytest.fixture
def api(http: httpx.Client) -> Api:
    """A namespace that is this test's alone."""
    return new_namespace(http)


@pytest.fixture
def kubectl(server: ApiServer, api: Api) -> Kubectl:
    """kubectl in the test's namespace."""
    return Kubectl((*server.kubectl.command, f"--namespace={api.namespace}"))


@pytest.fixture
async def cluster(server: ApiServer) -> AsyncIterator[KubernetesCluster]:
    """The operator's own way there, without its patience."""
    async with connected(server.kubeconfig) as cluster:
        yield cluster
