"""S3, and what speaks its language, as a store of snapshots; the only importer of obstore.

Credentials, region and endpoint come from the library's own environment variables (AWS_*), unless
they are passed. Every request is bounded by the library's own timeouts (5 s to connect, 30 s in
all), and so are its repetitions here. A store must honour `If-None-Match: *` on PUT.
"""

import itertools
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.snapshots.blobs import Stored
from embedding_service.indexes.snapshots.errors import SnapshotStoreUnavailable
from embedding_service.indexes.snapshots.keys import Keys

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Credential

_PIECE: Final = 8 << 20
"""Bytes of one request; S3 takes up to 10,000 of them for a file, each of 5 MiB or more."""
_REQUESTS_AT_ONCE: Final = 4
_RETRIES: Final = 4
_RETRY_SECONDS: Final = 60.0
_LONGEST_REASON: Final = 300
_BELIEVED: Final = timedelta(minutes=1)


class Objects:
    """A BlobStore below one prefix of a bucket."""

    def __init__(self, url: str, options: Mapping[str, str], keys: Keys | None = None) -> None:
        """With `keys`, or those of the environment."""
        self._url = url
        try:
            parts = urlsplit(url)
            # from_url panics on options of the connection, such as allow_http.
            self._store = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                config=cast("S3Config", dict(options)),
                credential_provider=None if keys is None else partial(_tell, keys),
                retry_config={
                    "max_retries": _RETRIES,
                    "retry_timeout": timedelta(seconds=_RETRY_SECONDS),
                },
            )
        except (BaseError, ValueError) as error:
            raise InvalidRequest(f"{url} is no place for snapshots: {_reason(error)}") from error

    def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
        """See BlobStore."""
        pieces = iter(chunks)
        start = b"".join(pieces) if if_absent else _first(pieces, _PIECE)
        try:
            with self._told(is_ambiguous=True):
                if if_absent:
                    obstore.put(self._store, name, start, mode="create", use_multipart=False)
                elif len(start) < _PIECE:
                    obstore.put(self._store, name, start, use_multipart=False)
                else:
                    self._upload(name, itertools.chain([start], pieces))
        except AlreadyExistsError:
            return False
        except FileNotFoundError as error:  # there is no such thing when one writes, but a bucket
            raise SnapshotStoreUnavailable(self._url, _reason(error)) from error
        return True

    def read(self, name: str) -> bytes:
        """See BlobStore."""
        with self._told():
            return bytes(obstore.get(self._store, name).bytes())

    def stream(self, name: str) -> Iterator[bytes]:
        """See BlobStore."""
        # A request for each piece: the time limit of a request would else bound the whole file.
        with self._told():
            size = obstore.head(self._store, name)["size"]
            for start in range(0, size, _PIECE):
                end = min(start + _PIECE, size)
                yield bytes(obstore.get_range(self._store, name, start=start, end=end))

    def stat(self, name: str) -> Stored | None:
        """See BlobStore."""
        try:
            with self._told():
                meta = obstore.head(self._store, name)
        except FileNotFoundError:
            return None
        return Stored(name, meta["size"], meta["last_modified"])

    def listing(self, folder: str) -> Sequence[Stored]:
        """See BlobStore."""
        with self._told():
            return [
                Stored(meta["path"], meta["size"], meta["last_modified"])
                for page in obstore.list(self._store, folder)
                for meta in page
            ]

    def delete(self, name: str) -> None:
        """See BlobStore."""
        with self._told():
            obstore.delete(self._store, name)

    def probe(self) -> datetime:
        """See BlobStore."""
        name = f"probe-{uuid.uuid4().hex}"
        self.create(name, [b"1"], if_absent=True)
        try:
            stored = self.stat(name)
            is_created_again = self.create(name, [b"2"], if_absent=True)
        finally:
            self.delete(name)
        if is_created_again or stored is None:
            raise SnapshotStoreUnavailable(
                self._url,
                "it lets two writers make one object (it ignores If-None-Match on PUT); "
                "update it, or use another",
            )
        return stored.modified

    def _upload(self, name: str, pieces: Iterator[bytes]) -> None:
        obstore.put(self._store, name, pieces, chunk_size=_PIECE, max_concurrency=_REQUESTS_AT_ONCE)

    @contextmanager
    def _told(self, *, is_ambiguous: bool = False) -> Iterator[None]:
        try:
            yield
        except AlreadyExistsError:
            raise
        except BaseError as error:
            raise SnapshotStoreUnavailable(
                self._url, _reason(error), is_ambiguous=is_ambiguous
            ) from error


def _tell(keys: Keys) -> "S3Credential":
    """For some seconds, and then it is asked again."""
    expires_at = datetime.now(UTC) + _BELIEVED
    return {**keys.read(), "expires_at": expires_at}


def _first(pieces: Iterator[bytes], size: int) -> bytes:
    """Pieces until there are `size` bytes or more, in one."""
    taken: list[bytes] = []
    length = 0
    for piece in pieces:
        taken.append(piece)
        length += len(piece)
        if length >= size:
            break
    return b"".join(taken)


def _reason(error: Exception) -> str:
    """The first line: the rest is the library's view of its own insides."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first[:_LONGEST_REASON]}"
