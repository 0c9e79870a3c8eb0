"""The file of API keys: one table a key, by name, with the sha256 of its secret.

    [keys.search-frontend]
    sha256 = "…64 hex digits…"
    rate = 50         # requests a second; no bound without it
    concurrency = 8   # requests at once; no bound without it

A plain sha256 is enough, because secrets are made by `new_key` from 256 random bits and not chosen
by people.
"""

import hashlib
import re
import secrets
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embedding_service.environment import BadSettings
from embedding_service.watched import Watched

_NAME = r"[A-Za-z0-9_-]{1,64}"


class BadKeysFile(BadSettings):
    """The file cannot be read or says something else than keys; the message names every fault."""


class Key(BaseModel):
    """One key, as the file has it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    rate: int | None = Field(default=None, ge=1)
    concurrency: int | None = Field(default=None, ge=1)


class _File(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    keys: dict[Annotated[str, Field(pattern=f"^{_NAME}$")], Key] = Field(min_length=1)


class KeyRing:
    """The keys of a file, read again when it changes. Raises BadKeysFile if it is bad at first."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = Watched(path, load_keys, clock=clock)

    @property
    def keys(self) -> Mapping[str, Key]:
        """The keys now, by name. A bad new file is told in the log, and the old keys stay."""
        return self._file.value


def load_keys(path: Path) -> Mapping[str, Key]:
    """Read the file. Raises BadKeysFile."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadKeysFile(f"API_KEYS_FILE: {path}: {error}") from None
    try:
        return _File.model_validate(content).keys
    except ValidationError as error:
        lines = [
            f"API_KEYS_FILE: {path}: {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise BadKeysFile("\n".join(lines)) from None


def new_key(name: str) -> tuple[str, str]:
    """Make a key: its secret, to be shown once, and its lines for the file.

    Raises ValueError for a bad name.
    """
    if not re.fullmatch(_NAME, name):
        raise ValueError(f"{name!r} is no name for a key; use letters, digits, - and _, 64 at most")
    secret = f"ge-{secrets.token_urlsafe(32)}"
    return secret, f'[keys.{name}]\nsha256 = "{digest_of(secret)}"\n'


def digest_of(secret: str) -> str:
    """What the file has of a secret. Headers arrive as latin-1, so that is how it is read."""
    return hashlib.sha256(secret.encode("latin-1")).hexdigest()
