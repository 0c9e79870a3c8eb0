"""Kubernetes' own schemas, those of kinds that others bring, and of ours; nothing else passes.

kubernetes-validate has the strict ones of each minor; jsonschema-rs goes by them a hundred times
faster than its own library, which matters where thousands of objects are looked at.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import kubernetes_validate
import yaml

from tests.chart.helm import Manifest, identify
from tests.cluster.sites import ROOT

MINORS = ("1.33", "1.34", "1.35", "1.36", "1.37")
_STRICT = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
_OTHERS = Path(__file__).parent / "schemas"


def find_faults(manifests: Iterable[Manifest], minor: str) -> list[str]:
    """What an API server of a minor version would not take."""
    return [fault for each in manifests for fault in _find(each, minor)]


def is_valid(definition: str, value: Any, minor: str = MINORS[-1]) -> bool:
    """Whether `value` is what Kubernetes' OpenAPI calls `definition`, without `io.k8s.api.`."""
    return _definition(minor, f"io.k8s.api.{definition}").is_valid(value)


def _find(manifest: Manifest, minor: str) -> Iterator[str]:
    name = "/".join(identify(manifest))
    yield from (f"{name}: {path} is null" for path in _list_nulls(manifest))
    validator = _validator(minor, manifest["apiVersion"], manifest["kind"])
    if validator is None:
        yield f"{name}: Kubernetes {minor} has no such kind, and it is not among those of others"
        return
    for error in validator.iter_errors(manifest):
        where = "/".join(map(str, error.instance_path))
        yield f"{name}: {where}: {error.message[:300]}"


def _list_nulls(value: Any, path: str = "") -> Iterator[str]:
    """A null is a template's mistake, though Kubernetes takes it for nothing."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _list_nulls(each, f"{path}/{key}")
    elif isinstance(value, list):
        for each in value:
            yield from _list_nulls(each, f"{path}/[]")


@cache
def _validator(minor: str, api: str, kind: str) -> jsonschema_rs.Validator | None:
    group, _, version = api.rpartition("/")
    own = _list_others().get((api, kind))
    if own is not None:
        return _build({**own, "$defs": {}}, minor)
    parts = filter(None, (kind.lower(), group.split(".")[0], version))
    file = _folder(minor) / f"{'-'.join(parts)}.json"
    return _build(json.loads(file.read_text()), minor) if file.exists() else None


@cache
def _definition(minor: str, name: str) -> jsonschema_rs.Validator:
    return _build({"$ref": f"/api/_definitions.json#/$defs/{name}"}, minor)


def _build(schema: dict[str, Any], minor: str) -> jsonschema_rs.Validator:
    text = (_folder(minor) / "_definitions.json").read_text()

    def retrieve(_: str) -> Any:
        return json.loads(text)

    return jsonschema_rs.validator_for({"$id": "json:///", **schema}, retriever=retrieve)


def _folder(minor: str) -> Path:
    return _STRICT / f"v{minor}.0-local-strict"


@cache
def _list_others() -> dict[tuple[str, str], dict[str, Any]]:
    """By version and kind: as vendored, and our own from crds/."""
    found = {}
    for file in _OTHERS.glob("*.json"):
        vendored = json.loads(file.read_text(encoding="utf-8"))
        found[vendored["apiVersion"], file.stem] = _close(vendored["schema"])
    for file in (ROOT / "crds").glob("*.yaml"):
        spec = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            api = f"{spec['group']}/{version['name']}"
            schema = version["schema"]["openAPIV3Schema"]
            found[api, spec["names"]["kind"]] = _close(schema)
    return found


def _close(schema: dict[str, Any]) -> dict[str, Any]:
    """As an API server reads it that refuses unknown fields. `metadata` is Kubernetes' own."""
    closed = {key: _close_value(value) for key, value in schema.items()}
    closed["properties"]["metadata"] = {"type": "object"}
    return closed


def _close_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_close_value(each) for each in value]
    if not isinstance(value, dict):
        return value
    closed = {key: _close_value(each) for key, each in value.items()}
    if value.get("x-kubernetes-int-or-string"):
        closed.pop("type", None)
    if isinstance(value.get("properties"), dict) and value.get("type") == "object":
        closed.setdefault("additionalProperties", "x-kubernetes-preserve-unknown-fields" in value)
    return closed
