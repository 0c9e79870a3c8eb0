"""What a plan depends on besides what is observed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from embedding_operator import __version__
from embedding_operator.autoscaling.decision import Sample
from embedding_operator.defaults import Defaults
from embedding_operator.observe.observation import ChildKey
from embedding_operator.observe.pods import Trouble
from embedding_operator.plan.comparison import digest


@dataclass(frozen=True, slots=True)
class Setting:
    """The installation, and what it remembers of one index."""

    defaults: Defaults
    operator: str
    """`namespace/release` of this installation."""
    operator_keys: str
    """Its public keys, as a JSON Web Key Set."""
    settled: Mapping[ChildKey, str] = field(default_factory=dict)
    refusals: Mapping[ChildKey, str] = field(default_factory=dict)
    """What the API server would not have, and why."""
    unwilling: tuple[Trouble, ...] = ()
    """Why pods would not load what they were asked to last."""
    history: tuple[Sample, ...] = ()
    """Of the autoscaler."""
    has_turn: bool = True
    """Whether its pods may be replaced now by those of another release."""
    was_well: bool = False
    """Whether it was well when they began to be."""
    purge_refusal: str | None = None
    """Why a pod did not begin to remove the rows of an index that is being deleted."""

    @property
    def namespace(self) -> str:
        """Of the operator."""
        return self.operator.partition("/")[0]

    @property
    def release(self) -> str:
        """What pods are made by, besides their index's spec: this program and its images."""
        return digest([__version__, self.defaults.images.model_dump(mode="json")])
