"""Whose data an index has: its own, or that of an index of its name that is gone.

The spec alone gives nobody's data away: a volume under the index's own name has to say the same.
"""

from dataclasses import dataclass, replace

from embedding_operator.children.metadata import DATA, UID, name_data
from embedding_operator.names import CLAIMS
from embedding_operator.observe.observation import Observation
from embedding_operator.reasons import Reason
from embedding_operator.resolution.faults import Fault
from embedding_operator.resolution.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Adoption:
    """Under which uid its data is to lie."""

    uid: str
    faults: tuple[Fault, ...] = ()


def plan_adoption(observation: Observation, wanted: Wanted) -> Adoption:
    """Once accepted, it stays."""
    index = observation.index
    retained = index.spec.bootstrap.retained if index.spec.bootstrap else None
    if index.status.data_uid is not None or retained is None:
        return Adoption(index.data_uid)
    if wanted.data is None:
        told = (
            "bootstrap.retained takes over the volume of SQLite's file, and this index has "
            "PostgreSQL; make a new index and bootstrap it from a snapshot"
        )
        return Adoption(index.data_uid, (Fault(Reason.NOT_SUPPORTED, told),))
    name = name_data(index.meta)
    claim = observation.children.get((CLAIMS, name))
    labels = (claim["metadata"].get("labels") or {}) if claim is not None else {}
    if labels.get(DATA) != retained:
        told = (
            f"bootstrap.retained: there is no PersistentVolumeClaim {name} whose label {DATA} is "
            f"{retained}; name the value that it has, in an index of the name of the one before"
        )
        return Adoption(index.data_uid, (Fault(Reason.RETAINED_NOT_FOUND, told),))
    if not observation.claims.data.isdisjoint({retained, labels.get(UID)}):
        told = f"bootstrap.retained: another index of this namespace has the data of {retained}"
        return Adoption(index.data_uid, (Fault(Reason.RETAINED_NOT_FOUND, told),))
    return Adoption(retained)


def accept(observation: Observation, uid: str) -> Observation:
    """With `uid` as the index's from now on."""
    index = observation.index
    status = index.status.model_copy(update={"data_uid": uid})
    return replace(observation, index=replace(index, status=status))
