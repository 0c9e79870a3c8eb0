"""The pods of an index replaced by those of another release: that waits for a turn (turns.py).

What its author changes does not wait, unless another release already does: then the whole template
waits, because an image and the settings of another do not go together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from embedding_operator.names import DEPLOYMENTS, GROUP
from embedding_operator.observe.observation import ChildKey
from embedding_operator.plan.children import Child, hold
from embedding_operator.plan.comparison import digest
from embedding_operator.resources.objects import Manifest
from embedding_operator.status.assessment import Rollout

TEMPLATE: Final = f"{GROUP}/template"
"""Annotation of a Deployment: digest of its template, a point, the release that made it."""
WELL_BEFORE: Final = f"{GROUP}/well-before"
"""Annotation of a Deployment, there while its pods are being replaced: what serves worse after
that was well before."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """How it stands with one index."""

    is_waiting: bool = False
    """Whether its pods are to be replaced, and that needs a turn."""
    is_going_on: bool = False
    """Whether pods that have served are being replaced."""
    is_stuck: bool = False
    """Whether that has come no further for too long."""
    is_whole: bool = True
    """Whether as many pods serve as there are to be."""
    is_degraded: bool = False


def stamp(children: Iterable[Child], release: str, *, was_well: bool) -> list[Child]:
    """Children of which the Deployment says what its pods are made by, and what they follow."""
    before = {WELL_BEFORE: "true"} if was_well else {}
    return [
        _stamp(child, release, before) if child.kind is DEPLOYMENTS else child for child in children
    ]


def _stamp(child: Child, release: str, before: Mapping[str, str]) -> Child:
    template = digest(child.manifest["spec"]["template"])
    return _annotate(child, {TEMPLATE: f"{template}.{release}", **before})


def was_well(deployment: Manifest) -> bool:
    """Whether pods of an index that was well are being replaced, or have made it worse."""
    return WELL_BEFORE in (deployment["metadata"].get("annotations") or {})


def is_renewed(children: Sequence[Child], live: Mapping[ChildKey, Manifest]) -> bool:
    """Whether there are pods that another release has made, and otherwise."""
    for child in children:
        there = live.get(child.key)
        if child.kind is DEPLOYMENTS and there is not None:
            template, release = _read_stamp(child.manifest)
            made, by = _read_stamp(there)
            return made != template and by != release
    return False


def hold_back(children: Iterable[Child], live: Mapping[ChildKey, Manifest]) -> list[Child]:
    """Children with the pods that there are; how many there are to be does not wait."""
    return [
        _keep_template(child, live[child.key]) if child.kind is DEPLOYMENTS else child
        for child in children
    ]


def assess_renewal(rollout: Rollout, *, has_served: bool, is_degraded: bool) -> Renewal:
    """How far the Deployment has come with it; a new index has nothing to lose."""
    is_whole = rollout.is_seen and rollout.ready >= rollout.wanted
    # Pods that fail later make no rollout of it; one that goes back to an older ReplicaSet keeps
    # the word of the one before.
    is_over = rollout.replicas == rollout.updated and (
        rollout.is_complete or min(rollout.updated, rollout.ready) >= rollout.wanted
    )
    return Renewal(
        is_going_on=has_served and rollout.is_there and not (rollout.is_seen and is_over),
        is_stuck=rollout.is_stuck,
        is_whole=is_whole,
        is_degraded=is_degraded,
    )


def _keep_template(child: Child, live: Manifest) -> Child:
    replicas = child.manifest["spec"]["replicas"]
    return hold(child, live, "spec", {**live["spec"], "replicas": replicas})


def _annotate(child: Child, annotations: Mapping[str, str]) -> Child:
    metadata = child.manifest["metadata"]
    annotated = {**metadata, "annotations": {**metadata.get("annotations", {}), **annotations}}
    return replace(child, manifest={**child.manifest, "metadata": annotated})


def _read_stamp(deployment: Manifest) -> tuple[str, str]:
    told = (deployment["metadata"].get("annotations") or {}).get(TEMPLATE, "")
    template, _, release = str(told).partition(".")
    return template, release
