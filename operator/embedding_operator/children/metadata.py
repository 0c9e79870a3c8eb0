"""Names, labels and owners of children."""

from typing import Any, Final

from embedding_operator.names import GROUP, INDEXES, PROGRAM
from embedding_operator.resources.objects import Manifest, Meta

INDEX: Final = f"{GROUP}/index"
"""Label: name of the index. Finds its pods, with ROLE; both never change."""
ROLE: Final = f"{GROUP}/role"
"""Label: what a pod does."""
UID: Final = f"{GROUP}/index-uid"
"""Label: uid of the index. Tells children from what happens to be called so."""
DATA: Final = f"{GROUP}/data-uid"
"""Label of a volume: uid under which its data lies. It stays, whoever takes the volume over."""
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
ALIAS: Final = f"{GROUP}/alias"
"""Label of a Service that is an alias."""
SERVER: Final = "server"


def build_metadata(
    index: Meta, name: str, *, is_owned: bool = True, component: str = SERVER
) -> dict[str, Any]:
    """`metadata` of a child; what is not owned outlives its index."""
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": index.namespace,
        "labels": build_labels(index, component),
    }
    if is_owned:
        metadata["ownerReferences"] = [build_owner(index)]
    return metadata


def build_labels(index: Meta, component: str = SERVER) -> dict[str, str]:
    """Labels of every child. The version is not among them: it would restart all pods."""
    return {
        "app.kubernetes.io/name": "embedding-index",
        "app.kubernetes.io/instance": index.name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "gpu-embedding",
        MANAGED_BY: PROGRAM,
        UID: index.uid,
        **build_selector(index),
    }


def build_selector(index: Meta) -> dict[str, str]:
    """Finds the pods; immutable for ever: two labels, no more."""
    return {INDEX: index.name, ROLE: SERVER}


def build_owner(index: Meta) -> dict[str, Any]:
    """Deletes the child after its index."""
    return {
        "apiVersion": INDEXES.api,
        "kind": INDEXES.kind,
        "name": index.name,
        "uid": index.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_ours(child: Manifest, index: Meta) -> bool:
    """Whether an object of a child's name is that child: this index's, not an earlier one's.

    Its owner tells; the label tells of what has none, as volumes.
    """
    metadata = child["metadata"]
    owners = metadata.get("ownerReferences") or ()
    controllers = [owner["uid"] for owner in owners if owner.get("controller")]
    if controllers:
        return controllers == [index.uid]
    return bool((metadata.get("labels") or {}).get(UID) == index.uid)


def is_made_for(snapshot: Meta, index: Meta) -> bool:
    """Whether the operator has made a snapshot's object for this index: a person might have."""
    return snapshot.labels.get(UID) == index.uid


def name_orders(index: Meta) -> str:
    """The ConfigMap that pods read."""
    return f"{index.name}-orders"


def name_data(index: Meta) -> str:
    """The volume of SQLite's file."""
    return f"{index.name}-data"


def name_snapshots(index: Meta) -> str:
    """The volume of snapshots."""
    return f"{index.name}-snapshots"
