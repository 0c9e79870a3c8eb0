"""An object as the API server has it, with its typed spec and status."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ValidationError

from embedding_operator.resources.index import IndexSpec
from embedding_operator.resources.snapshot import SnapshotPhase, SnapshotSpec, SnapshotStatus
from embedding_operator.resources.status import IndexStatus

Manifest: TypeAlias = Mapping[str, Any]
"""An object, or part of one, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What every object has."""

    namespace: str
    name: str
    uid: str
    version: str
    """resourceVersion."""
    generation: int
    created: str
    """RFC 3339."""
    deleted: str | None
    """RFC 3339; None unless it is being deleted."""
    finalizers: tuple[str, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EmbeddingIndex:
    """One index."""

    meta: Meta
    spec: IndexSpec
    status: IndexStatus

    @property
    def data_uid(self) -> str:
        """Under which its data lies: as it was accepted, never as the spec alone says."""
        return self.status.data_uid or self.meta.uid

    @property
    def key(self) -> str:
        """What pods, database and storage call it."""
        return f"{self.meta.namespace}/{self.data_uid}"


@dataclass(frozen=True, slots=True)
class EmbeddingIndexSnapshot:
    """One snapshot."""

    meta: Meta
    spec: SnapshotSpec
    status: SnapshotStatus

    @property
    def is_open(self) -> bool:
        """Whether it is still to be made."""
        return self.status.phase not in {SnapshotPhase.COMPLETED, SnapshotPhase.FAILED}

    def is_of(self, index: EmbeddingIndex) -> bool:
        """Whether it is of the index's data, and not of an earlier one's of its name."""
        if self.status.index_uid is None:
            return self.spec.index_ref.name == index.meta.name
        return self.status.index_uid == index.data_uid


def parse_meta(body: Manifest) -> Meta:
    """What `metadata` says."""
    meta = body["metadata"]
    return Meta(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta.get("uid", ""),
        version=meta.get("resourceVersion", ""),
        generation=meta.get("generation", 0),
        created=meta.get("creationTimestamp", ""),
        deleted=meta.get("deletionTimestamp"),
        finalizers=tuple(meta.get("finalizers") or ()),
        labels=meta.get("labels") or {},
        annotations=meta.get("annotations") or {},
    )


def parse_index(body: Manifest) -> EmbeddingIndex:
    """An index, as the API server has it.

    Raises pydantic.ValidationError where that let through what it should not have: its definition
    of the kind is older, or newer, than this operator's.
    """
    return EmbeddingIndex(
        parse_meta(body),
        IndexSpec.model_validate(body.get("spec") or {}),
        IndexStatus.model_validate(body.get("status") or {}),
    )


def parse_bare(body: Manifest) -> EmbeddingIndex:
    """An index whose spec cannot be read, with the smallest one in its place.

    Raises as `parse_index`, where its status cannot be read either.
    """
    return parse_index({**body, "spec": {}})


def explain(error: ValidationError) -> list[str]:
    """A sentence for each field of a spec that cannot be read."""
    return [
        f"{'.'.join(map(str, ('spec', *fault['loc'])))}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def parse_snapshot(body: Manifest) -> EmbeddingIndexSnapshot:
    """A snapshot, as the API server has it. Raises as `parse_index`."""
    return EmbeddingIndexSnapshot(
        parse_meta(body),
        SnapshotSpec.model_validate(body.get("spec") or {}),
        SnapshotStatus.model_validate(body.get("status") or {}),
    )
