"""How many pods an index is to have, by its load."""

from typing import Annotated, Final, TypeAlias

from pydantic import ConfigDict, Field

from embedding_operator.resources.shape import Duration, Shape, validated

# All that was wanted within it is kept in memory, and looked at in each pass.
_UP_TO_AN_HOUR: Final = (
    r"^(1h|60m|([0-9]|[1-5][0-9])m(([0-9]|[1-5][0-9])s)?"
    r"|([0-9]{1,3}|[12][0-9]{3}|3[0-5][0-9]{2}|3600)s)$"
)
Window: TypeAlias = Annotated[str, Field(min_length=2, max_length=6, pattern=_UP_TO_AN_HOUR)]
"""Minutes and seconds in this order, an hour at most, for example `90s`, `5m` or `1h`."""


class Targets(Shape):
    """What one pod is to carry; the one that asks for most pods decides."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            (
                "has(self.inFlight) || has(self.queueWait) || has(self.cpu)",
                "name at least one of inFlight, queueWait and cpu",
            )
        )
    )

    in_flight: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Requests at once, of each pod."""
    queue_wait: Duration | None = None
    """Time a request waits for its vector, for example `1s`; above it pods are added."""
    cpu: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent of the CPU that a pod requests (`resources.requests`)."""


class Windows(Shape):
    """How long a load must last before it counts."""

    up: Window = "0s"
    """Time for which more pods must have been wanted, `1h` at most; 0s by default: at once."""
    down: Window = "5m"
    """Time for which fewer pods must have been wanted, `1h` at most; 5m by default."""


class Autoscaling(Shape):
    """The operator decides how many pods there are; `replicas` is not read."""

    model_config = ConfigDict(
        json_schema_extra=validated(("self.min <= self.max", "min must not be above max"))
    )

    min: Annotated[int, Field(ge=1, le=100)] = 1
    """Fewest pods; 1 by default."""
    max: Annotated[int, Field(ge=1, le=100)]
    """Most pods."""
    targets: Targets
    """What one pod is to carry."""
    windows: Windows | None = None
    """How long a load must last before it counts."""
