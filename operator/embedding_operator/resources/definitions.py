"""The CustomResourceDefinitions, built from the typed kinds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from embedding_operator.names import GROUP, INDEXES, SNAPSHOTS, VERSION, Kind
from embedding_operator.resources.index import INDEX_RULES, IndexSpec
from embedding_operator.resources.schema import build_schema
from embedding_operator.resources.snapshot import SnapshotSpec, SnapshotStatus
from embedding_operator.resources.status import IndexStatus

_META: Final[Mapping[str, Any]] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
}


def build_definitions() -> list[dict[str, Any]]:
    """Both of them, in the order in which they are applied."""
    return [_build_index(), _build_snapshot()]


def _build_index() -> dict[str, Any]:
    schema = _build_root(
        "An index of embeddings: texts in, nearest documents out, at an address of its own.",
        {"spec": build_schema(IndexSpec), "status": build_schema(IndexStatus)},
    )
    return _build(
        INDEXES,
        names={"shortNames": ["ei", "embidx"], "categories": ["all", "embeddings"]},
        schema={**schema, **INDEX_RULES},
        columns=[
            _column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
            _column("Phase", ".status.phase"),
            _column("Replicas", ".status.readyReplicas", "integer"),
            _column("Documents", ".status.documents", "integer"),
            _column("Age", ".metadata.creationTimestamp", "date"),
            _column("Model", ".status.resolved.model", wide=True),
            _column("Engine", ".spec.engine.type", wide=True),
            _column("LastSnapshot", ".status.snapshots.lastTime", "date", wide=True),
            _column("Message", ".status.message", wide=True),
        ],
        scale={
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        },
    )


def _build_snapshot() -> dict[str, Any]:
    schema = _build_root(
        "One snapshot of an EmbeddingIndex. While this object exists, its data stays.",
        {"spec": build_schema(SnapshotSpec), "status": build_schema(SnapshotStatus)},
    )
    return _build(
        SNAPSHOTS,
        names={"shortNames": ["eis"], "categories": ["embeddings"]},
        schema=schema,
        columns=[
            _column("Index", ".spec.indexRef.name"),
            _column("Phase", ".status.phase"),
            _column("Documents", ".status.documents", "integer"),
            _column("Size", ".status.sizeBytes", "integer"),
            _column("Age", ".metadata.creationTimestamp", "date"),
            _column("URI", ".status.uri", wide=True),
            _column("Error", ".status.error", wide=True),
        ],
    )


def _build_root(description: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": ["spec"],
        "properties": {**_META, **properties},
    }


def _build(
    kind: Kind,
    *,
    names: Mapping[str, Any],
    schema: Mapping[str, Any],
    columns: Sequence[Mapping[str, Any]],
    scale: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    subresources: dict[str, Any] = {"status": {}}
    if scale is not None:
        subresources["scale"] = dict(scale)
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": dict(schema)},
        "subresources": subresources,
        "additionalPrinterColumns": list(columns),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": kind.kind,
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "listKind": f"{kind.kind}List",
                **names,
            },
            "versions": [version],
        },
    }


def _column(name: str, path: str, type_: str = "string", *, wide: bool = False) -> dict[str, Any]:
    column: dict[str, Any] = {"name": name, "type": type_, "jsonPath": path}
    if wide:
        column["priority"] = 1
    return column
