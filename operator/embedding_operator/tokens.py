"""By what pods know the operator: short-lived tokens that it signs (RFC 7519, RFC 8037)."""

import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from embedding_operator.names import PROGRAM

_LIFETIME = 45
"""Seconds; pods take no token that lives longer than 60."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key and its name."""

    id: str
    private: Ed25519PrivateKey

    @classmethod
    def new(cls, made: datetime) -> "SigningKey":
        """One that nobody has."""
        id_ = f"{int(made.timestamp()):x}-{secrets.token_hex(4)}"
        return cls(id_, Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, id: str, pem: bytes) -> "SigningKey":  # noqa: A002
        """From what `write` gave. Raises ValueError."""
        private = load_pem_private_key(pem, None)
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")  # noqa: TRY004  the caller has text, no type
        return cls(id, private)

    @property
    def made(self) -> datetime:
        """When it was made, as its name tells; long ago where that tells nothing."""
        try:
            return datetime.fromtimestamp(int(self.id.partition("-")[0], 16), UTC)
        except (ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(0, UTC)

    def write(self) -> bytes:
        """As PEM (PKCS #8)."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def publish(self) -> dict[str, str]:
        """The public half, as a JSON Web Key (RFC 7517)."""
        key = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self.private.public_key()))
        return {**key, "kid": self.id, "use": "sig", "alg": "EdDSA"}


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key, while pods may still know others."""

    keys: tuple[SigningKey, ...]
    """All that pods are told of; the first one signs."""

    def publish(self) -> str:
        """All public halves, as a JSON Web Key Set. The same keys give the same text."""
        published = sorted((key.publish() for key in self.keys), key=lambda each: each["kid"])
        return json.dumps({"keys": published}, sort_keys=True)

    def sign(self, audience: str) -> str:
        """A token for the pods of one index, `namespace/uid`."""
        now, key = int(time.time()), self.keys[0]
        claims = {"iss": PROGRAM, "aud": audience, "iat": now, "exp": now + _LIFETIME}
        return jwt.encode(claims, key.private, algorithm="EdDSA", headers={"kid": key.id})
