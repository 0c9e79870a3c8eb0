"""Fixtures of the tests on a cluster, which `make test-cluster` runs inside its network."""

import os
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chart.helm import Helm
from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace, new_namespace
from tests.e2e.installation import install
from tests.e2e.releases import NEW, OLD, Release

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
def installed(kubectl: Kubectl) -> Release:
    """The release that tests share, ready. It stays, for those to come."""
    return install(kubectl)


@pytest.fixture
def release(installed: Release, request: pytest.FixtureRequest) -> Iterator[Release]:
    """The same, for one test, which leaves it as it was."""
    yield installed
    keep_evidence(installed.namespace, request.node)


@pytest.fixture
def operator(release: Release) -> Namespace:
    """The namespace of its operator, for tests that only need one."""
    return release.namespace


@pytest.fixture(
    params=[NEW, pytest.param(OLD, marks=pytest.mark.other_helm)], ids=lambda helm: helm.version
)
def helm(request: pytest.FixtureRequest) -> Helm:
    """Both that the chart is tested with, one after the other."""
    found: Helm = request.param
    return found


@pytest.fixture
def vacancy(release: Release, helm: Helm, request: pytest.FixtureRequest) -> Iterator[Release]:
    """What tests share, removed; there again after the test, whatever comes of it."""
    release.uninstall()
    yield replace(release, helm=helm)
    keep_evidence(release.namespace, request.node)
    release.bring_up()


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
