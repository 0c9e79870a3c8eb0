"""Composition of what snapshots lie in, by the settings; the rest of it is in app.py."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from embedding_service import __version__
from embedding_service.errors import InvalidRequest
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.records.opening import is_file, open_record
from embedding_service.indexes.records.record import Build, Record
from embedding_service.indexes.snapshots.choice import Choice
from embedding_service.indexes.snapshots.keys import Keys
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.shelf import Shelf
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.secret import Secret
from embedding_service.settings import NO_DATABASE, IndexSettings, OperatorSettings

_SNAPSHOTS = "snapshots"
_NO_FOLDER = "sweeping"
"""Folders in DATA_DIR; the second is never made."""
_ANY = Choice()


def build_archive(
    settings: IndexSettings,
    builds: Callable[[str], Build] = lambda _: Build(0, ()),
    choice: Choice = _ANY,
) -> Archive:
    """The snapshots of all indexes; their store is not asked for anything yet.

    `builds` tells the graphs that several processes share, `choice` what may be read.
    """
    policy = Policy(settings.snapshots_kept, timedelta(seconds=settings.snapshots_kept_for))
    store = open_store(url_of(settings), keys=_read_keys(settings))
    return Archive(store, settings.data_dir, policy, __version__, builds, choice)


@contextmanager
def open_archive(settings: IndexSettings) -> Iterator[Archive]:
    """The snapshots, for a process beside those that serve: to drop and collect, not to publish.

    It is told of graphs that servers share over PostgreSQL. A SQLite file is left to its server,
    which shares none. Raises RecordUnavailable.
    """
    # Another folder than a server's: an archive empties that of whoever published there before.
    apart = settings.model_copy(
        update={"data_dir": settings.data_dir / _NO_FOLDER, "snapshot_url": url_of(settings)}
    )
    address = Secret("DATABASE_URL_FILE", settings.database_url, settings.database_url_file)
    is_named = settings.database_url not in {"", NO_DATABASE} or settings.database_url_file
    if not is_named or is_file(address):
        yield build_archive(apart)
        return
    with closing(open_record(address, apart.data_dir)) as record:
        yield build_archive(apart, lambda uid: _find_build(record, uid))


def _find_build(record: Record, uid: str) -> Build:
    try:
        return record.build(uid)
    except NotFound:  # no server has made it yet
        return Build(0, ())


def url_of(settings: IndexSettings) -> str:
    """Where snapshots lie."""
    return settings.snapshot_url or (settings.data_dir / _SNAPSHOTS).absolute().as_uri()


def open_shelf(settings: OperatorSettings, url: str) -> Shelf:
    """Another store than that of the settings, with keys of its own. Raises InvalidRequest."""
    if not url.startswith("s3://"):
        return Shelf(open_store(url))
    key, secret = (
        settings.bootstrap_aws_access_key_id_file,
        settings.bootstrap_aws_secret_access_key_file,
    )
    if key is None or secret is None:
        raise InvalidRequest("set BOOTSTRAP_AWS_ACCESS_KEY_ID_FILE: that store needs its own keys")
    keys = _to_keys(key, secret, settings.bootstrap_aws_session_token_file, "BOOTSTRAP_")
    region = settings.bootstrap_aws_region
    endpoint = settings.bootstrap_aws_endpoint or f"https://s3.{region}.amazonaws.com"
    is_plain = str(endpoint.startswith("http://")).lower()
    # All of it said, or what is not would come from the environment, which is of the other store.
    return Shelf(
        open_store(url, {"endpoint": endpoint, "region": region, "allow_http": is_plain}, keys)
    )


def _read_keys(settings: IndexSettings) -> Keys | None:
    """S3's keys where files have them; else they are those of the environment."""
    key, secret = settings.aws_access_key_id_file, settings.aws_secret_access_key_file
    if key is None or secret is None:
        return None
    return _to_keys(key, secret, settings.aws_session_token_file)


def _to_keys(key: Path, secret: Path, token: Path | None, prefix: str = "") -> Keys:
    return Keys(
        Secret(f"{prefix}AWS_ACCESS_KEY_ID_FILE", file=key),
        Secret(f"{prefix}AWS_SECRET_ACCESS_KEY_FILE", file=secret),
        None if token is None else Secret(f"{prefix}AWS_SESSION_TOKEN_FILE", file=token),
    )
