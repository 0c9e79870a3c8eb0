"""What files must be, to be believed."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple


class Digest(NamedTuple):
    """What a file must be."""

    size: int
    """Bytes."""
    sha256: str
    """Hex."""


def name_files(digests: Mapping[str, Digest]) -> str:
    """A name for a set of files: the same for the same content under the same names. Hex."""
    listed = "".join(f"{name} {digest.sha256}\n" for name, digest in sorted(digests.items()))
    return sha256(listed.encode()).hexdigest()
