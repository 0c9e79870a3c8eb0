"""Which children there are to be, and what has to be written for it."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final

from embedding_operator.children.budgets import build_budget
from embedding_operator.children.claims import build_claims
from embedding_operator.children.deployments import build_deployment
from embedding_operator.children.ingresses import build_alias_ingress, build_ingress
from embedding_operator.children.metadata import ALIAS, DATA, UID, is_ours
from embedding_operator.children.orders import build_orders
from embedding_operator.children.policies import build_policy
from embedding_operator.children.services import build_alias, build_service
from embedding_operator.names import (
    BUDGETS,
    CLAIMS,
    CONFIG_MAPS,
    DEPLOYMENTS,
    GROUP,
    INGRESSES,
    JOBS,
    POLICIES,
    SERVICES,
    Kind,
)
from embedding_operator.observe.observation import ChildKey
from embedding_operator.plan.comparison import digest, is_within, project, read_quantity
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.objects import Manifest, Meta

APPLIED: Final = f"{GROUP}/applied"
"""Annotation: digest of what was applied last; what it no longer says has to be taken away."""


@dataclass(frozen=True, slots=True)
class Child:
    """One that is to be."""

    kind: Kind
    manifest: dict[str, Any]
    is_held: bool = False
    """Whether it is to stay as it is, but for what has to change at once."""

    @property
    def key(self) -> ChildKey:
        """Kind and name."""
        return self.kind, self.manifest["metadata"]["name"]


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be written."""

    applied: tuple[Child, ...] = ()
    drifted: tuple[ChildKey, ...] = ()
    """Those of `applied` that somebody else has changed."""
    removed: tuple[tuple[Kind, Manifest], ...] = ()
    foreign: tuple[ChildKey, ...] = ()
    """Not ours, under a name of ours: never adopted."""


def list_children(wanted: Wanted, namespace: str, *, is_open: bool) -> Iterator[Child]:
    """All there are to be, in the order in which they are made.

    Args:
        wanted: The index.
        namespace: Of the operator.
        is_open: Whether it may be reached by now: not before it is filled.
    """
    for claim in build_claims(wanted):
        yield Child(CLAIMS, claim)
    yield Child(CONFIG_MAPS, build_orders(wanted))
    yield Child(POLICIES, build_policy(wanted, namespace))
    yield Child(DEPLOYMENTS, build_deployment(wanted))
    if (budget := build_budget(wanted)) is not None:
        yield Child(BUDGETS, budget)
    if not is_open:
        return
    yield Child(SERVICES, build_service(wanted))
    for alias in wanted.aliases:
        yield Child(SERVICES, build_alias(wanted, alias))
    if (ingress := build_ingress(wanted)) is not None:
        yield Child(INGRESSES, ingress)
        for alias in wanted.aliases:
            yield Child(INGRESSES, build_alias_ingress(wanted, alias))


def plan_changes(
    children: Sequence[Child],
    live: Mapping[ChildKey, Manifest],
    index: Meta,
    settled: Mapping[ChildKey, str],
    elsewhere: Set[ChildKey] = frozenset(),
) -> Changes:
    """What brings `live` to `children`.

    Args:
        children: That are to be.
        live: Objects of their names, and others of this index.
        index: Whose they are.
        settled: Digests of what the API server made of what was applied before, by child: where
            it writes something in another way than we do, that is no drift.
        elsewhere: Those that are left for another index to take over, which is one write.
    """
    applied, drifted, foreign = [], [], []
    for child in children:
        there = live.get(child.key)
        marked = mark(child) if there is None else _keep_grown(mark(child), there)
        if there is None:
            applied.append(marked)
        elif not _is_takeable(child, there, index):
            foreign.append(child.key)
        elif (drift := _differs(marked, there, settled)) is not None:
            applied.append(marked)
            if drift:
                drifted.append(child.key)
    keys = {child.key for child in children}
    return Changes(
        tuple(applied),
        tuple(drifted),
        tuple(
            (kind, body)
            for (kind, name), body in live.items()
            if (kind, name) not in keys | elsewhere and kind is not CLAIMS and is_ours(body, index)
        ),
        tuple(foreign),
    )


def mark(child: Child) -> Child:
    """With the digest of itself; what is held says that of what was applied."""
    if child.is_held:
        return child
    metadata = child.manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), APPLIED: digest(child.manifest)}
    marked = {**child.manifest, "metadata": {**metadata, "annotations": annotations}}
    return replace(child, manifest=marked)


def _keep_grown(child: Child, live: Manifest) -> Child:
    """With the size of a volume that others let grow: a smaller one would be refused."""
    if child.kind is not CLAIMS:
        return child
    spec, size = child.manifest["spec"], live["spec"]["resources"]["requests"]["storage"]
    mine, theirs = read_quantity(spec["resources"]["requests"]["storage"]), read_quantity(size)
    if mine is None or theirs is None or theirs <= mine:
        return child
    grown = {**spec, "resources": {"requests": {"storage": size}}}
    return Child(child.kind, {**child.manifest, "spec": grown})


def hold(child: Child, live: Manifest, part: str, content: Any) -> Child:
    """A child that is there, to stay what it is but for one part of its manifest."""
    annotations = live["metadata"].get("annotations") or {}
    marks = {name: told for name, told in annotations.items() if name.startswith(f"{GROUP}/")}
    metadata = {**child.manifest["metadata"], "annotations": marks}
    return Child(child.kind, {**child.manifest, "metadata": metadata, part: content}, is_held=True)


def settle(child: Child, live: Manifest) -> str:
    """Digest of what the API server made of it."""
    return digest(project(child.manifest, live))


def _differs(child: Child, live: Manifest, settled: Mapping[ChildKey, str]) -> bool | None:
    """Whether somebody else has changed it; None where it is as it is to be."""
    if child.kind is JOBS:  # nobody can change what it does; plan/sweeping.py says whether it goes
        return None
    if child.is_held:
        return None if is_within(child.manifest, live) else False
    marked = child.manifest["metadata"]["annotations"][APPLIED]
    if (live["metadata"].get("annotations") or {}).get(APPLIED) != marked:
        return False
    if is_within(child.manifest, live) or settled.get(child.key) == settle(child, live):
        return None
    return True


def _is_takeable(child: Child, live: Manifest, index: Meta) -> bool:
    if is_ours(live, index):
        return True
    labels, wanted = live["metadata"].get("labels") or {}, child.manifest["metadata"]["labels"]
    if ALIAS in wanted:  # it may have led to another index
        return labels.get(ALIAS) == wanted[ALIAS] and UID in labels
    is_owned = any(each.get("controller") for each in live["metadata"].get("ownerReferences") or ())
    return (
        child.kind is CLAIMS
        and not is_owned
        and index.uid != wanted[DATA] == labels.get(DATA)  # that of an index that is gone
    )
