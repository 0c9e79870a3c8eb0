"""How a model is named: `[name=]reference`.

org/model[@revision], model[@revision]   the model hub; sentence-transformers' own without `org/`
./folder, /folder, ~/folder              a folder on this machine
package:NAME                             an installed Python package with `get_model_path()`
hashing:DIM                              deterministic vectors without weights, for demos and tests
"""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_PACKAGE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_NAME = re.compile(r"[A-Za-z0-9][\w./:@-]{0,199}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_MOST_DIMENSIONS = 65_536


class Source(Enum):
    """Where a model comes from."""

    HUB = "hub"
    FOLDER = "folder"
    PACKAGE = "package"
    HASHING = "hashing"


@dataclass(frozen=True, slots=True)
class Reference:
    """A model by where it comes from, and the name under which it is served."""

    name: str
    source: Source
    target: str
    """Hub id, folder, package name or number of dimensions."""
    revision: str | None = None

    def __str__(self) -> str:
        """The reference as its user would write it, without the name."""
        match self.source:
            case Source.HUB:
                return f"{self.target}@{self.revision}" if self.revision else self.target
            case Source.FOLDER:
                is_plain = not self.target.startswith(("/", "../")) and self.target not in {
                    ".",
                    "..",
                }
                return f"./{self.target}" if is_plain else self.target
        return f"{self.source.value}:{self.target}"


def parse_reference(text: str) -> Reference:
    """Read `[name=]reference`; a name left out is the reference as it stands. Raises ValueError."""
    name, separator, rest = text.strip().partition("=")
    if not separator:
        name, rest = "", text
    rest = rest.strip()
    source, target, revision = _parse_target(rest)
    name = name.strip() or rest
    if separator and not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name for a model; use letters, digits and ./:@_-, 200 at most"
        )
    return Reference(name, source, target, revision)


def _parse_target(text: str) -> tuple[Source, str, str | None]:
    if text.startswith("package:"):
        target = text.removeprefix("package:")
        if not _PACKAGE.fullmatch(target):
            raise ValueError(f"{target!r} is no name of a Python package")
        return Source.PACKAGE, target, None
    if text.startswith("hashing:"):
        target = text.removeprefix("hashing:")
        if not (_NUMBER.fullmatch(target) and 1 <= int(target) <= _MOST_DIMENSIONS):
            raise ValueError(
                f"hashing: takes a number of dimensions from 1 to {_MOST_DIMENSIONS:,}, "
                f"not {target!r}"
            )
        return Source.HASHING, str(int(target)), None
    if text.startswith(("/", "./", "../", "~")) or text in {".", ".."}:
        return Source.FOLDER, _parse_folder(text), None
    target, _, revision = text.partition("@")
    if not _HUB_ID.fullmatch(target):
        raise ValueError(
            f"{text!r} is no model reference; give a hub id (org/model), a folder (./model), "
            f"package:NAME or hashing:DIM"
        )
    return Source.HUB, target, revision or None


def _parse_folder(text: str) -> str:
    if not text.startswith("~"):
        return str(Path(text))
    try:
        return str(Path(text).expanduser())
    except RuntimeError:
        raise ValueError(f"{text!r} names a home folder that this machine does not have") from None
