"""What is looked for in rendered objects."""

from collections.abc import Iterable, Iterator
from typing import Any

from tests.chart.helm import Manifest


def find(manifests: Iterable[Manifest], kind: str, ending: str = "") -> Manifest:
    """The one object of a kind, or the one whose name ends so."""
    (found,) = find_all(manifests, kind, ending)
    return found


def find_all(manifests: Iterable[Manifest], kind: str, ending: str = "") -> list[Manifest]:
    """Objects of a kind."""
    return [
        each
        for each in manifests
        if each["kind"] == kind and each["metadata"]["name"].endswith(ending)
    ]


def list_pods(manifests: Iterable[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Name and spec of every pod that would run."""
    for each in manifests:
        if each["kind"] == "Pod":
            yield each["metadata"]["name"], each["spec"]
        elif "template" in (each.get("spec") or {}):
            yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def list_containers(pod: Manifest) -> list[Manifest]:
    """All of a pod, those that end before others begin included."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def server(manifests: Iterable[Manifest]) -> Manifest:
    """The tier's pod."""
    pod: Manifest = find(manifests, "Deployment", "-server")["spec"]["template"]["spec"]
    return pod


def read_env(container: Manifest) -> dict[str, Any]:
    """Variables by name; those from elsewhere as they are asked for."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything below a value, each with its path."""
    yield path, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from walk(each, f"{path}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from walk(each, f"{path}[{number}]")
