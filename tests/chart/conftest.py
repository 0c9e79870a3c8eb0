"""The two versions of Helm, and what the chart renders with all as it is."""

import pytest

from tests.chart.helm import Helm, Manifest
from tests.chart.tools import HELM

_OLD, _NEW = HELM


@pytest.fixture(params=[_OLD, _NEW])
def each_helm(request: pytest.FixtureRequest) -> Helm:
    """Both, one after the other."""
    return Helm(request.param)


@pytest.fixture(scope="session")
def helm() -> Helm:
    """The newer one, where they do not differ: a test sees to that."""
    return Helm(_NEW)


@pytest.fixture(scope="session")
def old_helm() -> Helm:
    return Helm(_OLD)


@pytest.fixture(scope="session")
def default(helm: Helm) -> list[Manifest]:
    """Without any value given."""
    return helm.template()
