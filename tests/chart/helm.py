"""Helm on this chart: what it renders, and what it says where it does not."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from tests.chart.tools import find_helm
from tests.cluster.sites import ROOT

CHART = ROOT / "charts" / "gpu-embedding"
VALUES = sorted(
    (*CHART.glob("ci/*.yaml"), *CHART.glob("examples/*.yaml"), *CHART.glob("*-cpu.yaml"))
)
"""Files of values that must work, all that the chart brings."""
APIS = (
    "v1/Pod",  # as clusters tell it, and nothing else
    "gateway.networking.k8s.io/v1",
    "keda.sh/v1alpha1",
    "monitoring.coreos.com/v1",
)
"""What a cluster with everything in it knows besides Kubernetes' own."""

Manifest: TypeAlias = dict[str, Any]


class HelmFailed(AssertionError):
    """What Helm said."""


@dataclass(frozen=True, slots=True)
class Helm:
    """One version of the program."""

    version: str

    def __call__(self, *words: str | Path, **environment: str) -> str:
        """What it prints. Raises HelmFailed."""
        done = subprocess.run(
            [find_helm(self.version), *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | environment,
        )
        if done.returncode:
            raise HelmFailed(done.stderr)
        return done.stdout + done.stderr

    def template(
        self,
        values: Path | Mapping[str, Any] | None = None,
        *words: str,
        release: str = "gpu-embedding",
        namespace: str = "default",
        apis: Sequence[str] = APIS,
        chart: Path = CHART,
    ) -> list[Manifest]:
        """All that a release would have, its tests included; rendered once for each question."""
        head = ("template", release, str(chart), f"--namespace={namespace}")
        known = (f"--api-versions={each}" for each in apis)
        return parse(_ask(self, *head, *known, *give(values), *words))


@cache
def _ask(helm: Helm, *words: str) -> str:
    return helm(*words)


def give(values: Path | Mapping[str, Any] | None) -> list[str]:
    """Words of a command that give it values: a file's, or some by their paths with dots."""
    if values is None:
        return []
    if isinstance(values, Path):
        return [f"--values={values}"]
    return [f"--set-json={key}={json.dumps(each)}" for key, each in values.items()]


class _Loader(yaml.CSafeLoader):
    """As Kubernetes reads: no key twice; a lone `=`, which Helm writes plainly, is text."""

    yaml_constructors = yaml.CSafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:value": yaml.CSafeLoader.yaml_constructors["tag:yaml.org,2002:str"]
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"one of {keys} is there twice"
        return super().construct_mapping(node, deep)


def parse(text: str) -> list[Manifest]:
    """Objects of a stream of YAML, in a fixed order."""
    found = [each for each in yaml.load_all(text, Loader=_Loader) if each]
    return sorted(found, key=identify)


def identify(manifest: Manifest) -> tuple[str, str, str, str]:
    """What no two objects share."""
    meta = manifest["metadata"]
    return manifest["apiVersion"], manifest["kind"], meta.get("namespace", ""), meta["name"]
