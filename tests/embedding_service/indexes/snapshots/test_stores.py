"""A folder and S3 keep the same promises."""

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.errors import OutOfSpace
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import SnapshotStoreUnavailable
from embedding_service.indexes.snapshots.keys import Keys
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.secret import Secret

BIG = 20_000_001
"""Bytes: three requests to S3."""
WRITERS = 8


def test_what_was_created_is_read(store: BlobStore) -> None:
    assert store.create("a/b/c.bin", [b"one", b"", b"two"], if_absent=False)
    assert store.read("a/b/c.bin") == b"onetwo"
    stored = store.stat("a/b/c.bin")
    assert stored is not None
    assert (stored.name, stored.size) == ("a/b/c.bin", 6)


def test_a_file_without_content_is_a_file(store: BlobStore) -> None:
    assert store.create("empty", [], if_absent=True)
    assert store.read("empty") == b""
    assert list(store.stream("empty")) == []


def test_a_big_file_comes_back_piece_by_piece(store: BlobStore) -> None:
    content = os.urandom(BIG)
    chunks = [content[start : start + 3_000_000] for start in range(0, BIG, 3_000_000)]
    store.create("big", iter(chunks), if_absent=False)
    pieces = list(store.stream("big"))
    assert len(pieces) > 1
    assert b"".join(pieces) == content


def test_a_file_is_created_once(store: BlobStore) -> None:
    assert store.create("one", [b"first"], if_absent=True)
    assert not store.create("one", [b"second"], if_absent=True)
    assert store.read("one") == b"first"


def test_of_many_that_create_one_file_one_succeeds(store: BlobStore) -> None:
    def create(writer: int) -> bool:
        return store.create("race", [b"%d" % writer], if_absent=True)

    with ThreadPoolExecutor(WRITERS) as pool:
        outcomes = list(pool.map(create, range(WRITERS)))
    assert outcomes.count(True) == 1
    assert store.read("race") == b"%d" % outcomes.index(True)


def test_a_file_is_replaced_whole(store: BlobStore) -> None:
    store.create("one", [b"longer than the next"], if_absent=True)
    assert store.create("one", [b"next"], if_absent=False)
    assert store.read("one") == b"next"


def test_what_is_not_there_is_said_so(store: BlobStore) -> None:
    assert store.create("there", [b""], if_absent=True)
    assert store.stat("nowhere") is None
    assert store.listing("nowhere") == []
    store.delete("nowhere")
    with pytest.raises(FileNotFoundError):
        store.read("nowhere")
    with pytest.raises(FileNotFoundError):
        list(store.stream("nowhere"))


def test_a_listing_has_what_lies_below_and_nothing_else(store: BlobStore) -> None:
    for name in ("a/1", "a/b/2", "ab/3", "4"):
        store.create(name, [name.encode()], if_absent=True)
    store.delete("a/1")
    assert {(each.name, each.size) for each in store.listing("a")} == {("a/b/2", 5)}


def test_the_store_has_a_clock(store: BlobStore) -> None:
    earlier = store.probe()
    store.create("one", [b""], if_absent=True)
    stored = store.stat("one")
    assert stored is not None
    assert earlier <= stored.modified <= store.probe()
    assert stored.modified.tzinfo is not None
    assert [each.name for each in store.listing("")] == ["one"]  # the probe leaves nothing


def test_a_writer_that_fails_leaves_nothing(store: BlobStore) -> None:
    def chunks() -> Iterator[bytes]:
        yield bytes(9_000_000)
        raise LookupError

    store.create("other", [b""], if_absent=True)
    with pytest.raises(LookupError):
        store.create("one", chunks(), if_absent=False)
    assert [each.name for each in store.listing("")] == ["other"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_from_other_errors(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path.as_uri())
    monkeypatch.setattr(os, "fsync", _failing(number))
    with pytest.raises(OutOfSpace, match=str(tmp_path)):
        store.create("one", [b"content"], if_absent=True)
    assert store.listing("") == []


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("good_ones", [0, 1])
def test_a_failed_fsync_leaves_no_new_file(
    good_ones: int, is_new: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path.as_uri())
    monkeypatch.setattr(os, "fsync", _failing(errno.EIO, good_ones))
    with pytest.raises(SnapshotStoreUnavailable) as caught:
        store.create("one", [b"content"], if_absent=is_new)
    assert not caught.value.is_ambiguous
    if is_new:
        assert store.listing("") == []


def test_a_folder_that_may_not_be_read_is_not_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(path: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(SnapshotStoreUnavailable, match="Permission denied"):
        open_store(tmp_path.as_uri()).listing("")


def test_a_name_stays_below_the_root(tmp_path: Path) -> None:
    store = open_store((tmp_path / "store").as_uri())
    for name in ("../out", "a/../../out", "/out"):
        with pytest.raises(ValueError, match="root"):
            store.create(name, [b""], if_absent=False)


def test_a_folders_name_may_have_any_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20ü"
    open_store(folder.as_uri()).create("one", [b"1"], if_absent=True)
    assert (folder / "one").read_bytes() == b"1"


@pytest.mark.parametrize(
    "url", ["", "snapshots", "http://host/x", "s3://", "s3:///x", "file://host/x", "file:"]
)
def test_a_url_of_no_store_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest):
        open_store(url)


def test_an_option_that_s3_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="regio"):
        open_store("s3://bucket/x", {"regio": "x"})


def test_wrong_credentials_are_told(s3_place: tuple[str, dict[str, str]]) -> None:
    url, options = s3_place
    store = open_store(url, options | {"access_key_id": "nobody"})
    with pytest.raises(SnapshotStoreUnavailable, match="PermissionDenied"):
        store.probe()


def test_keys_of_files_are_those_that_are_used(
    s3_place: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    url, options = s3_place
    given = {name: options[name] for name in ("access_key_id", "secret_access_key")}
    others = {name: value for name, value in options.items() if name not in given}
    for name, value in given.items():
        (tmp_path / name).write_text(f"{value}\n")
    key, secret = (Secret("FILE", file=tmp_path / name) for name in given)
    open_store(url, others, Keys(key, secret)).probe()
    (tmp_path / "access_key_id").write_text("nobody")
    with pytest.raises(SnapshotStoreUnavailable, match="PermissionDenied"):
        open_store(url, others, Keys(key, secret)).probe()


def test_a_bucket_that_is_not_there_is_told(s3_place: tuple[str, dict[str, str]]) -> None:
    store = open_store("s3://nowhere-to-be-found/x", s3_place[1])
    with pytest.raises(SnapshotStoreUnavailable):
        store.listing("a")


@contextmanager
def answering(status: int) -> Iterator[dict[str, str]]:
    """Options of a store that answers every PUT and GET alike, with an object of one byte."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Mon, 04 May 2026 03:02:01 GMT")
            self.send_header("Content-Length", "1" if self.command == "HEAD" else "0")
            self.end_headers()

        do_HEAD = do_DELETE = do_POST = do_GET  # noqa: N815  http.server's own way of naming

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its base's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    keys = {"access_key_id": "a", "secret_access_key": "b", "disable_bulk_delete": "true"}
    try:
        yield {"endpoint": endpoint, "allow_http": "true", **keys}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_store_that_lets_two_make_one_object_is_refused() -> None:
    with answering(200) as options:
        store = open_store("s3://bucket", options)
        with pytest.raises(SnapshotStoreUnavailable, match="If-None-Match"):
            store.probe()


def test_a_store_that_fails_is_asked_a_few_times_and_told() -> None:
    with answering(503) as options:
        store = open_store("s3://bucket", options)
        with pytest.raises(SnapshotStoreUnavailable, match="503") as caught:
            store.create("one", [b""], if_absent=True)
    assert caught.value.is_ambiguous


def _failing(number: int, good_ones: int = 0) -> object:
    left = iter(range(good_ones))

    def fsync(descriptor: int) -> None:
        if next(left, None) is None:
            raise OSError(number, os.strerror(number))

    return fsync
