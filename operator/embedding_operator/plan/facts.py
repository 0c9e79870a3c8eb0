"""What a plan tells of how an index stands, as conditions are made of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from embedding_operator.names import DEPLOYMENTS
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.observe.pods import Trouble
from embedding_operator.plan.children import Changes
from embedding_operator.plan.failing import find_failing
from embedding_operator.plan.report import list_reports, read_rollout
from embedding_operator.plan.volumes import find_larger, name_pending
from embedding_operator.reasons import Reason
from embedding_operator.resolution.faults import Fault
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.status.assessment import Facts

_SILENCE: Final = timedelta(minutes=1)
"""For which no pod may answer before a person is told."""


def find_claimed(observation: Observation) -> list[Fault]:
    """What others have that the index asks for."""
    claims = observation.claims
    paths = [
        Fault(Reason.PATH_TAKEN, f"path {path} on its host belongs to {owner}, which is older")
        for path, owner in claims.paths.items()
    ]
    names = [Fault(Reason.NAME_TAKEN, f"alias {name}: {why}") for name, why in claims.names.items()]
    return [*paths, *names]


def find_foreign(changes: Changes) -> list[Fault]:
    """Names of its children that are taken."""
    return [
        Fault(
            Reason.NAME_TAKEN,
            f"there is a {kind.kind} {name} that is not this index's; remove it, or name the "
            "index otherwise",
        )
        for kind, name in changes.foreign
    ]


def gather(observation: Observation, wanted: Wanted, faults: Sequence[Fault]) -> Facts:
    """How the index stands, but for what a plan finds."""
    index = observation.index
    return Facts(
        desired=wanted.replicas,
        rollout=read_rollout(observation),
        pods=name_pending(observation),
        reports=list_reports(observation),
        now=observation.now,
        faults=faults,
        notes=tuple(find_larger(observation)),
        is_paused=index.spec.paused,
        wants_gpu=wanted.encoder.gpu is not None,
        earlier=index.status.conditions or (),
    )


def find_refused(refusals: Mapping[ChildKey, str]) -> list[Trouble]:
    """What the API server would not have."""
    return [
        Trouble(Reason.CHILD_REFUSED, f"{kind.kind} {name}: {why}")
        for (kind, name), why in refusals.items()
    ]


def _find_silence(observation: Observation) -> Iterator[Trouble]:
    since = observation.silent_since
    if since is None or observation.now - since < _SILENCE:
        return
    why = [observation.silent[pod.uid] for pod in observation.pods if pod.uid in observation.silent]
    yield Trouble(
        Reason.PODS_UNREACHABLE,
        f"no pod answers the operator, so snapshots, reloads and figures wait: {why[0]}",
    )


def find_extra(
    observation: Observation, refusals: Mapping[ChildKey, str], *others: Trouble | None
) -> list[Trouble]:
    """What is wrong that neither pods nor their reports tell."""
    found = [*find_refused(refusals), *filter(None, others)]
    found += _find_silence(observation)
    if observation.autoscalers:
        told = f"autoscaling is set, and {', '.join(observation.autoscalers)} scales it too"
        found.append(Trouble(Reason.SCALING_CONFLICT, f"{told}; the operator's number holds"))
    found += find_failing(observation)
    return found


def foresee(facts: Facts, changes: Changes, refusals: Mapping[ChildKey, str]) -> Facts:
    """With the Deployment not as far as it was seen to be, where it is about to be written.

    Else the status would say of the spec as it is now that everything is as it says.
    """
    keys = {child.key for child in changes.applied if child.kind is DEPLOYMENTS}
    if keys <= refusals.keys():
        return facts
    return replace(facts, rollout=replace(facts.rollout, is_seen=False))
