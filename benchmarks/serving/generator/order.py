"""What the generator is told, and what it tells."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Order:
    """A load."""

    port: int
    method: str
    path: str
    bodies: str
    """A file of request bodies, one a line, sent in turn and again from the first."""
    seconds: float
    """How long requests are begun; those under way then are finished."""
    connections: int = 1
    """Each sends its next request once it has its answer (a closed loop)."""
    rate: float = 0.0
    """Requests begun in a second, whatever becomes of those before (an open loop); 0 is closed."""
    kept: int = 0
    """Answers to the first so many bodies are written to `answers`."""
    answers: str = ""
    headers: str = ""
    """Further lines of the head, each with its end."""
    seed: int = 1


@dataclass(slots=True)
class Calls:
    """Every request of a load, as columns."""

    bodies: list[int] = field(default_factory=list)
    """Which body it had."""
    started: list[float] = field(default_factory=list)
    """Seconds from the beginning of the load to when it was sent, or in an open loop to when it
    was meant to be sent: a server that makes requests wait before they are sent has made them
    wait."""
    seconds: list[float] = field(default_factory=list)
    """From then to the last byte of the answer."""
    statuses: list[int] = field(default_factory=list)
    """HTTP's; 0 where no answer came."""
    elapsed: float = 0.0
    """From the first request's beginning to the last one's end."""
    busy: float = 0.0
    """Share of one core that the generator took, 0 to 1."""
    late: float = 0.0
    """The longest that a request of an open loop was sent after it was meant to be."""
