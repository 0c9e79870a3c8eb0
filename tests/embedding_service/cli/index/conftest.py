import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.cli.index import access
from index_commands import IndexCommands
from live_server import LiveServer, running_server

MODEL = "hashing:16"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One for all these tests of a process; each has indexes of its own."""
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder, EMBEDDING_MODEL=MODEL, WORKERS="1") as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is printed is the command's alone."""
    monkeypatch.setattr(access, "configure_logs", lambda *_: None)  # for good, in this process
    with capture_logs():
        yield


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> IndexCommands:
    """Indexes that are opened in this process."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EMBEDDING_MODEL", MODEL)
    monkeypatch.setenv("WORKERS", "1")
    monkeypatch.setenv("SERVICE_PORT", "1")
    return IndexCommands([], capsys, here=True)


@pytest.fixture
def there(server: LiveServer, capsys: pytest.CaptureFixture[str]) -> IndexCommands:
    """Indexes of a running server."""
    return IndexCommands(["--url", server.base_url], capsys, here=False)


@pytest.fixture(params=["here", "there"])
def index(request: pytest.FixtureRequest) -> IndexCommands:
    """Either."""
    commands = request.getfixturevalue(request.param)
    assert isinstance(commands, IndexCommands)
    return commands


@pytest.fixture
def name() -> str:
    """Of an index that no other test has."""
    return f"i{uuid.uuid4().hex[:12]}"
