"""Volumes that are larger than their spec says, and those that pods wait for."""

from collections.abc import Iterator
from dataclasses import replace

from embedding_operator.children.metadata import name_data, name_snapshots
from embedding_operator.names import CLAIMS
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.plan.comparison import read_quantity
from embedding_operator.reasons import Reason


def find_larger(observation: Observation) -> Iterator[str]:
    """What there is to tell of each that is larger than its spec says: it is kept.

    A size that the spec has made smaller is refused by the definition of the kind. What is left is
    one that it says for the first time, and a volume that others let grow.
    """
    meta, spec = observation.index.meta, observation.index.spec
    asked = (
        (name_data(meta), spec.database and spec.database.sqlite),
        (name_snapshots(meta), spec.storage and spec.storage.volume),
    )
    for name, claim in asked:
        live = observation.children.get((CLAIMS, name))
        if live is None or not claim or claim.size is None:
            continue
        size = live["spec"]["resources"]["requests"]["storage"]
        wished, there = read_quantity(claim.size), read_quantity(size)
        if wished is not None and there is not None and wished < there:
            yield f"volume {name} has {size}, and does not shrink to {claim.size}"


def name_pending(observation: Observation) -> list[Pod]:
    """The pods, of which those that wait for a volume say for which: the scheduler does not."""
    meta = observation.index.meta
    told = []
    for name in (name_data(meta), name_snapshots(meta)):
        live = observation.children.get((CLAIMS, name))
        if live is not None and (live.get("status") or {}).get("phase") == "Pending":
            class_ = live["spec"].get("storageClassName")
            of = f" of class {class_}" if class_ else ", which names no class,"
            told.append(f"PersistentVolumeClaim {name}{of} has no volume yet; its events say why")
    if not told:
        return list(observation.pods)
    return [
        replace(pod, trouble=Trouble(trouble.reason, f"{'; '.join(told)}: {trouble.message}"))
        if (trouble := pod.trouble) is not None and trouble.reason is Reason.VOLUME_PENDING
        else pod
        for pod in observation.pods
    ]
