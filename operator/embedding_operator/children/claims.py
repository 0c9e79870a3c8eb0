"""The volumes of an index. Nobody owns them: they outlive the index, unless its policy says no."""

from typing import Any, Final

from embedding_operator.children.metadata import DATA, build_metadata, name_data, name_snapshots
from embedding_operator.names import CLAIMS, GROUP
from embedding_operator.resolution.wanted import Wanted, WantedVolume

POLICY: Final = f"{GROUP}/deletion-policy"
"""Annotation: what was to become of the volume."""


def build_claims(wanted: Wanted) -> list[dict[str, Any]]:
    """SQLite's, and that of snapshots, where there are such."""
    wished = (
        (name_data(wanted.meta), wanted.data),
        (name_snapshots(wanted.meta), wanted.storage.volume),
    )
    return [_build(wanted, name, volume) for name, volume in wished if volume is not None]


def _build(wanted: Wanted, name: str, volume: WantedVolume) -> dict[str, Any]:
    metadata = build_metadata(wanted.meta, name, is_owned=False)
    metadata["labels"][DATA] = wanted.data_uid
    metadata["annotations"] = {POLICY: wanted.spec.deletion_policy.value}
    spec: dict[str, Any] = {
        "accessModes": [volume.access_mode],
        "resources": {"requests": {"storage": volume.size}},
    }
    if volume.storage_class is not None:
        spec["storageClassName"] = volume.storage_class
    return {"apiVersion": CLAIMS.api, "kind": CLAIMS.kind, "metadata": metadata, "spec": spec}
