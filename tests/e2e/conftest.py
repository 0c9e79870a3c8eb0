"""Fixtures of the tests on a cluster, which `make test-cluster` runs inside its network."""

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace, new_namespace
from tests.e2e.installation import running_operator
from tests.e2e.tier import running_tier, url

FAILED = pytest.StashKey[bool]()
EVIDENCE = Path(os.environ.get("TEST_EVIDENCE", "evidence"))


@pytest.fixture(scope="session")
def kubectl() -> Kubectl:
    """kubectl, with an administrator's rights."""
    return Kubectl(("kubectl",))


@pytest.fixture
def namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """One that is this test's alone."""
    with new_namespace(kubectl) as made:
        yield made
        keep_evidence(made, request.node)


@pytest.fixture(scope="session")
def running(kubectl: Kubectl) -> Iterator[Namespace]:
    """The namespace of an embedding tier that is ready."""
    with running_tier(kubectl) as namespace:
        yield namespace


@pytest.fixture
def tier(running: Namespace, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """The same, for one test."""
    yield running
    keep_evidence(running, request.node)


@pytest.fixture(scope="session")
def installed(kubectl: Kubectl, running: Namespace) -> Iterator[Namespace]:
    """The namespace of an operator that is ready."""
    with running_operator(kubectl, url(running)) as namespace:
        yield namespace


@pytest.fixture
def operator(installed: Namespace, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """The same, for one test."""
    yield installed
    keep_evidence(installed, request.node)


def keep_evidence(namespace: Namespace, test: pytest.Item) -> None:
    """Write down what a namespace holds, and the whole cluster's events, if the test failed."""
    if not test.stash.get(FAILED, False):
        return
    folder = EVIDENCE / test.name / namespace.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in namespace.evidence():
        (folder / name).write_text(content, encoding="utf-8")
    sys.stderr.write(f"evidence: {folder}\n")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report
