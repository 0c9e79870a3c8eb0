"""Which snapshot pods are to begin from, and since when."""

from dataclasses import dataclass
from typing import Final

from embedding_operator.resources.objects import EmbeddingIndex

_LATEST: Final = "latest"


@dataclass(frozen=True, slots=True)
class Wish:
    """A snapshot that the spec names."""

    snapshot: str
    since: int
    """metadata.generation from which on it has named this one: to name one again is another wish,
    and a change of anything else is none."""


def find_wish(index: EmbeddingIndex) -> Wish | None:
    """What `reload` asks for; None where the latest will do."""
    spec, earlier = index.spec.reload, index.status.reload
    if spec is None or spec.snapshot == _LATEST:
        return None
    if earlier is not None and earlier.wanted == spec.snapshot and earlier.since is not None:
        return Wish(spec.snapshot, earlier.since)
    return Wish(spec.snapshot, index.meta.generation)


def find_start(index: EmbeddingIndex) -> str | None:
    """What a pod that starts now begins from: not what others have refused; None is the latest."""
    wish, earlier = find_wish(index), index.status.reload
    if wish is not None and earlier is not None and earlier.refused == wish.snapshot:
        return earlier.snapshot
    return wish.snapshot if wish is not None else None
