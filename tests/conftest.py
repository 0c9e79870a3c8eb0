"""What every test gets: a clean environment, and servers that are started once.

The one with real models serves the whole run; a database and an object store, one test process.
A fixture that is named in several `conftest.py` is as many fixtures: those two are named here only.
"""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from coverage import Coverage
from filelock import FileLock
from hypothesis import settings

from databases import postgresql
from environment import coverage_names, foreign_names
from live_server import LiveServer, LiveServerError, launch
from object_stores import object_store
from served_models import real_model_settings
from truth import Truth, compute_truth

__all__ = ["object_store", "postgresql"]

# A machine that is busy is slow, which is no fault of what is tested.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

_TESTS = Path(__file__).parent
_ROOMS_OF_OTHER_PROCESSES = frozenset({"chart", "clients", "fuzz", "load", "parity"})
_RUN_FOLDER = pytest.StashKey[Path]()
_SERVER_FOLDER = "real-model-server"
# Whoever comes first makes the tiny models, starts the server or computes the truth.
_REAL_MODEL_SECONDS = 400


class _WorkerNode(Protocol):
    """What pytest-xdist passes to its hook."""

    config: pytest.Config
    workerinput: dict[str, str]


def pytest_configure(config: pytest.Config) -> None:
    given: dict[str, str] | None = getattr(config, "workerinput", None)
    folder = given["run_folder"] if given else tempfile.mkdtemp(prefix="gpu-embedding-tests-")
    config.stash[_RUN_FOLDER] = Path(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _WorkerNode) -> None:
    node.workerinput["run_folder"] = str(node.config.stash[_RUN_FOLDER])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("real_model") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_REAL_MODEL_SECONDS))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """End the real-model server after the run's last test, before coverage is summed up."""
    try:
        return (yield)
    finally:
        if not _is_worker(session.config):
            _stop_real_server(session)


def pytest_unconfigure(config: pytest.Config) -> None:
    # What is left of a server that did not end well is worth a look.
    if not _is_worker(config) and not (config.stash[_RUN_FOLDER] / _SERVER_FOLDER).exists():
        shutil.rmtree(config.stash[_RUN_FOLDER], ignore_errors=True)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _stop_real_server(session: pytest.Session) -> None:
    server = LiveServer(session.config.stash[_RUN_FOLDER] / _SERVER_FOLDER)
    if not server.folder.exists():
        return
    try:
        server.stop()
    except LiveServerError as error:
        session.testsfailed += 1
        writer = session.config.get_terminal_writer()
        writer.line(f"\nthe real-model server did not end well: {error}", red=True)
    else:
        shutil.rmtree(server.folder)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(foreign_names(os.environ)):
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _measured_elsewhere(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let coverage rest where the product runs in other processes, which are measured themselves.

    Tracing makes what generates requests and looks at answers take twice as long.
    """
    coverage = Coverage.current()
    room = request.path.relative_to(_TESTS).parts[0]
    if coverage is None or room not in _ROOMS_OF_OTHER_PROCESSES:
        yield
        return
    coverage.stop()
    yield
    coverage.start()


@pytest.fixture
def uncovered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test starts is no part of the product, and starts faster when it is not measured."""
    for name in list(coverage_names(os.environ)):
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config) -> Path:
    """One folder for all processes of this test run."""
    return pytestconfig.stash[_RUN_FOLDER]


@pytest.fixture(scope="session")
def real_server(run_folder: Path) -> LiveServer:
    """The one server with real models; tests that use it carry the marker `real_model`."""
    folder = run_folder / _SERVER_FOLDER
    server = LiveServer(folder)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            settings = real_model_settings()
            folder.mkdir()
            launch(folder, settings, owner=_controller())
        server.wait_until_serving()
    return server


@pytest.fixture(scope="session")
def truth(run_folder: Path) -> Truth:
    """sentence-transformers' own vectors for the corpus."""
    return compute_truth(run_folder / "truth")


def _controller() -> int:
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
