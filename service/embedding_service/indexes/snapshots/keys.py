"""Keys of a store, which may change at any time."""

from dataclasses import dataclass
from typing import TypedDict

from embedding_service.secret import Secret, SecretUnreadable


class Read(TypedDict):
    """Keys as they are now, by the names that obstore has for them."""

    access_key_id: str
    secret_access_key: str
    token: str | None


@dataclass(frozen=True, slots=True)
class Keys:
    """Of S3."""

    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None

    def read(self) -> Read:
        """What they are now. Raises SecretUnreadable."""
        return {
            "access_key_id": self.access_key_id.read(),
            "secret_access_key": self.secret_access_key.read(),
            "token": self._read_token(),
        }

    def _read_token(self) -> str | None:
        """Keys that do not expire have none, and whoever names its file cannot always know."""
        if self.session_token is None:
            return None
        try:
            return self.session_token.read() or None
        except SecretUnreadable:
            return None
