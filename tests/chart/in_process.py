"""The chart rendered by Helm's own code within this process: a millisecond a time.

It is Helm 4's, without the versions that a cluster tells of; test_rendering.py holds both programs
to one result.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from helm_python import Chart, HelmError

from tests.chart.helm import CHART, Manifest, parse


class Refused(AssertionError):
    """What Helm said."""


@cache
def _load() -> Chart:
    return Chart.load(CHART)


def render(values: Mapping[str, Any], release: str = "gpu-embedding") -> list[Manifest]:
    """All objects of a release but its tests. Raises Refused."""
    try:
        texts = _load().render(dict(values), name=release, namespace="default")
    except HelmError as error:
        raise Refused(str(error)) from None
    return parse("\n---\n".join(text for name, text in texts.items() if name.endswith(".yaml")))


def refuse(values: Mapping[str, Any]) -> str:
    """What is said of values that must not pass."""
    try:
        render(values)
    except Refused as refused:
        return str(refused)
    raise AssertionError(f"{values} was rendered")
