"""Who may give orders: the holder of the key that signs tokens for this index; no one else.

A token is a JWT (RFC 7519), signed with Ed25519 (RFC 8037), for one index and for a minute at most:
one that leaks is soon of no use, and none at another index. Only public keys come here.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from embedding_service.api.refusals import NotAuthenticated
from embedding_service.environment import BadSettings
from embedding_service.watched import Watched

_ALGORITHM: Final = "EdDSA"
_LONGEST: Final = 60
"""Seconds from `iat` to `exp`."""
_LEEWAY: Final = 10
"""Seconds that clocks may differ."""
_OF_THE_LIBRARY: Final = (jwt.PyJWTError, ArithmeticError, RecursionError, TypeError, ValueError)
"""What it raises for tokens that are none: not all of it its own."""

Keys = Mapping[str, Ed25519PublicKey]
"""By their `kid`."""


class _Key(BaseModel):
    """One public key; what else it says of itself is passed over."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    kid: str = Field(min_length=1, max_length=256)
    x: str
    d: None = None
    """Of a private key, which nobody but the operator may have."""


class _KeySet(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    keys: list[_Key] = Field(min_length=1)

    @field_validator("keys")
    @classmethod
    def _check_names(cls, value: list[_Key]) -> list[_Key]:
        if len({key.kid for key in value}) < len(value):
            raise ValueError("two keys have one kid")
        return value


class OperatorKeys:
    """The keys of a file, read again when it changes. Raises BadSettings if it is bad at first."""

    def __init__(
        self, path: Path, audience: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`audience` is the uid of the index that tokens must be for."""
        self._file = Watched(path, load_keys, clock=clock)
        self._audience = audience

    def check(self, authorization: str | None) -> None:
        """Raise NotAuthenticated unless the header has a token that is good now."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated(
                was_given=False, message="a token is needed: send `Authorization: Bearer TOKEN`"
            )
        try:
            claims = self._decode(token)
        except _OF_THE_LIBRARY as error:
            raise _refuse(str(error)) from None
        if claims["exp"] - claims["iat"] > _LONGEST:
            raise _refuse(f"it is good for more than {_LONGEST} s")

    def _decode(self, token: str) -> dict[str, Any]:
        kid = jwt.get_unverified_header(token).get("kid")
        key = self._file.value.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise jwt.InvalidKeyError("its `kid` is no key that is known here")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=self._audience,
            leeway=_LEEWAY,
            options={"require": ["aud", "exp", "iat"], "strict_aud": True},
        )
        return claims


def load_keys(path: Path) -> Keys:
    """Read a JSON Web Key Set (RFC 7517). Raises BadSettings."""
    try:
        given = _KeySet.model_validate_json(path.read_bytes()).keys
        return {key.kid: _public_key(key) for key in given}
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'the whole'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise BadSettings(f"ADMIN_KEYS_FILE: {path}: {'; '.join(faults)}") from None
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise BadSettings(f"ADMIN_KEYS_FILE: {path}: {error}") from None


def _public_key(key: _Key) -> Ed25519PublicKey:
    loaded = jwt.PyJWK(key.model_dump(exclude={"d"}), _ALGORITHM).key
    if not isinstance(loaded, Ed25519PublicKey):
        raise ValueError(f"key {key.kid!r} is no public key of Ed25519")  # noqa: TRY004  of the file
    return loaded


def _refuse(reason: str) -> NotAuthenticated:
    return NotAuthenticated(was_given=True, message=f"this token is not good here: {reason}")
