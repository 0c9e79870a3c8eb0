"""A server of one index, whose vectors another server makes: neither takes the other along."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from live_server import LiveServer, launch, running_server
from waiting import wait_until

DIMENSION = 16
SECONDS = 60.0
FAQ = "/api/v1/indexes/faq"


def free_port() -> int:
    """One that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def running_tier(folder: Path, port: int) -> Iterator[LiveServer]:
    """What makes vectors and has no indexes."""
    folder.mkdir(parents=True)
    settings = {
        "EMBEDDING_MODEL": f"hashing:{DIMENSION}",
        "DATABASE_URL": "none",
        "SERVICE_PORT": str(port),
    }
    with running_server(folder, **settings) as server:
        yield server


@contextmanager
def running_index(folder: Path, port: int) -> Iterator[LiveServer]:
    """What has one index and makes no vectors; it may not be ready."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "ENCODER_URL": f"http://127.0.0.1:{port}",
        "INDEX_NAME": "faq",
        "INDEX_UID": "shop/1234",
        "INDEX_FIELDS": '{"year": "int"}',
        "DATA_DIR": str(folder.parent / "data"),
    }
    server = launch(folder, settings)
    try:
        yield server
    finally:
        server.stop()


def is_ready(server: LiveServer) -> bool:
    with server.http() as http:
        return http.get("/readyz").status_code == httpx.codes.OK


def search(http: httpx.Client, **query: object) -> httpx.Response:
    return http.post(f"{FAQ}/search", json={"include": ["vector"], **query})


def test_an_index_lives_without_what_makes_its_vectors(tmp_path: Path) -> None:
    port = free_port()
    with running_index(tmp_path / "first", port) as index:
        wait_until(lambda: "the index cannot be made yet" in index.log, SECONDS, "it waits")
        with running_tier(tmp_path / "tier", port):
            index.wait_until_serving()
            wait_until(lambda: is_ready(index), SECONDS, "it is ready")
            with index.http() as http:
                documents = [{"id": "a", "text": "red shoes", "metadata": {"year": 2024}}]
                added = http.post(f"{FAQ}/documents", json={"documents": documents})
                assert added.status_code == httpx.codes.OK, added.text
                (hit,) = search(http, query_text="red shoes").json()["results"]
                assert hit["id"] == "a"
        with index.http() as http:  # the other one has gone
            late = search(http, query_text="red shoes")
            assert late.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert "Retry-After" in late.headers
            assert len(search(http, vector=hit["vector"]).json()["results"]) == 1
            assert http.get(f"{FAQ}/documents/a").json()["text"] == "red shoes"
            assert is_ready(index)
    with running_index(tmp_path / "second", port) as again:  # started without the other one
        again.wait_until_serving()
        wait_until(lambda: is_ready(again), SECONDS, "it is ready")
        with again.http() as http:
            assert len(search(http, vector=hit["vector"]).json()["results"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/indexes", {"name": "other", "model": None, "dimension": 2}),
        ("DELETE", f"{FAQ}?confirm=faq", None),
        ("PUT", "/api/v1/aliases/questions", {"index": "faq"}),
        ("DELETE", "/api/v1/aliases/questions", None),
        ("POST", "/api/v1/index/add", ["a text"]),
    ],
)
def test_which_indexes_there_are_is_decided_with_kubectl(
    pair: LiveServer, method: str, path: str, body: object
) -> None:
    with pair.http() as http:
        refused = http.request(method, path, json=body)
    assert refused.status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert refused.json()["code"] == "managed_elsewhere"
    assert "kubectl" in refused.json()["detail"]
    assert refused.headers["Allow"] == "GET"


def test_the_index_is_as_the_settings_say(pair: LiveServer) -> None:
    with pair.http() as http:
        (facts,) = http.get("/api/v1/indexes").json()["indexes"]
    assert (facts["name"], facts["uid"]) == ("faq", "shop/1234")
    assert (facts["dimension"], facts["fields"]) == (DIMENSION, {"year": "int"})


def test_other_indexes_are_not_there(pair: LiveServer) -> None:
    with pair.http() as http:
        assert http.get("/api/v1/indexes/other").status_code == httpx.codes.NOT_FOUND
        theirs = {"confirm": "faq", "from_uid": "bank/1234"}
        assert http.post(f"{FAQ}/restore", json=theirs).status_code == httpx.codes.NOT_FOUND


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The server of an index, with the other one behind it."""
    folder, port = tmp_path_factory.mktemp("pair"), free_port()
    with running_tier(folder / "tier", port), running_index(folder / "index", port) as index:
        index.wait_until_serving()
        wait_until(lambda: is_ready(index), SECONDS, "it is ready")
        yield index


def test_a_definition_that_cannot_be_ends_the_start(tmp_path: Path) -> None:
    settings = {"EMBEDDING_MODEL": "hashing:8", "INDEX_NAME": "faq", "INDEX_DIMENSION": "9"}
    server = launch(tmp_path, settings)
    assert server.wait_for_exit() == 1
    assert "8 dimensions, fewer than 9" in server.log
    assert "Traceback" not in server.log


@pytest.mark.parametrize("setting", [{"INDEX_NAME": "No"}, {"INDEX_FIELDS": '{"a": "date"}'}])
def test_settings_of_no_index_end_the_start(tmp_path: Path, setting: dict[str, str]) -> None:
    settings = {"EMBEDDING_MODEL": "hashing:8", "INDEX_NAME": "faq"} | setting
    server = launch(tmp_path, settings)
    assert server.wait_for_exit() == 1
    assert "INDEX_NAME or INDEX_FIELDS" in server.log
    assert "Traceback" not in server.log


def test_a_stop_does_not_wait_for_the_other_server(tmp_path: Path) -> None:
    with running_index(tmp_path / "index", free_port()) as index:
        wait_until(lambda: "the index cannot be made yet" in index.log, SECONDS, "it waits")
    assert index.exit_status == 0


def test_the_operators_port_has_probes_and_no_documents(tmp_path: Path) -> None:
    port = free_port()
    settings = {"EMBEDDING_MODEL": "hashing:8", "ADMIN_PORT": str(port)}
    with (
        running_server(tmp_path, **settings),
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        for path in ("/livez", "/readyz", "/startupz", "/metrics"):
            assert http.get(path).status_code == httpx.codes.OK
        assert http.get("/api/v1/indexes").status_code == httpx.codes.NOT_FOUND
