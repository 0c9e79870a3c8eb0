"""Where snapshots may lie, by URL."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.folders import Folder
from embedding_service.indexes.snapshots.keys import Keys
from embedding_service.indexes.snapshots.objects import Objects


def open_store(
    url: str, options: Mapping[str, str] | None = None, keys: Keys | None = None
) -> BlobStore:
    """The store at `file:///folder` or `s3://bucket/prefix`; nothing is asked of it yet.

    `options` are obstore's for S3 (`endpoint`, `region`, `allow_http`, ...), above those of the
    environment, and so are `keys`. Raises InvalidRequest for a URL that is neither.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        return Objects(url, options or {}, keys)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        return Folder(Path(unquote(parts.path)))
    raise InvalidRequest(
        "snapshots lie at file:///folder or s3://bucket/prefix; this URL is neither"
    )
