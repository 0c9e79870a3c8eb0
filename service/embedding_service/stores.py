"""Composition of what snapshots lie in, by the settings; the rest of it is in app.py."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from embedding_service import __version__
from embedding_service.errors import InvalidRequest
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.records.record import Build
from embedding_service.indexes.snapshots.choice import Choice
from embedding_service.indexes.snapshots.keys import Keys
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.shelf import Shelf
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.secret import Secret
from embedding_service.settings import IndexSettings, OperatorSettings

_SNAPSHOTS = "snapshots"
"""Folder in DATA_DIR."""
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
