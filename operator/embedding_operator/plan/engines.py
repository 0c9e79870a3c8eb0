"""Which of an index's pods have the newest word on its engine: a number among their settings.

Pods write what their settings say into the record when they start. While they are replaced, or when
one of the old ones is started again, older settings come after newer ones: the number tells them
apart. It is kept where it is needed, among the settings of the Deployment that is there, and grows
when those of the engine change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from embedding_operator.children.environment import ENGINE_REVISION, ENGINE_SETTINGS
from embedding_operator.children.pods import CONTAINER
from embedding_operator.names import DEPLOYMENTS
from embedding_operator.observe.observation import ChildKey
from embedding_operator.plan.children import Child
from embedding_operator.resources.objects import Manifest, Meta
from embedding_operator.resources.times import read_time

_GENERATIONS: Final = 1_000_000
"""Of one object in a second: a later object that takes its data over begins above it."""


def date_engines(
    children: Iterable[Child], live: Mapping[ChildKey, Manifest], meta: Meta
) -> list[Child]:
    """Children of which the Deployment numbers its settings of the engine."""
    return [
        _date(child, live.get(child.key), meta) if child.kind is DEPLOYMENTS else child
        for child in children
    ]


def _date(child: Child, live: Manifest | None, meta: Meta) -> Child:
    template = child.manifest["spec"]["template"]
    wanted = _read(template)
    revision = _choose(wanted, _read(live["spec"]["template"]) if live else {}, meta)
    containers = [
        {**each, "env": _set(each["env"], ENGINE_REVISION, str(revision))}
        if each["name"] == CONTAINER
        else each
        for each in template["spec"]["containers"]
    ]
    dated = {**template, "spec": {**template["spec"], "containers": containers}}
    spec = {**child.manifest["spec"], "template": dated}
    return replace(child, manifest={**child.manifest, "spec": spec})


def _choose(wanted: Mapping[str, str], live: Mapping[str, str], meta: Meta) -> int:
    first = int(read_time(meta.created).timestamp()) * _GENERATIONS + meta.generation
    told = live.get(ENGINE_REVISION, "")
    if not (told.isascii() and told.isdigit()):
        return first
    is_same = {**wanted, ENGINE_REVISION: told} == live
    return int(told) if is_same else max(first, int(told) + 1)


def _read(template: Mapping[str, Any]) -> dict[str, str]:
    """Settings of the engine, and their number where they have one."""
    return {
        each["name"]: each.get("value", "")
        for container in template["spec"]["containers"]
        if container["name"] == CONTAINER
        for each in container.get("env") or ()
        if each["name"] in ENGINE_SETTINGS or each["name"] == ENGINE_REVISION
    }


def _set(env: Iterable[Mapping[str, str]], name: str, value: str) -> list[dict[str, str]]:
    others = [dict(each) for each in env if each["name"] != name]
    return sorted([*others, {"name": name, "value": value}], key=lambda each: each["name"])
