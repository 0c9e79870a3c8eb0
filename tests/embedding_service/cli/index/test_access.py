from urllib.parse import urlsplit

import pytest

from embedding_service.cli.index import access
from index_commands import IndexCommands
from live_server import LiveServer


def test_a_running_server_is_asked_where_it_has_the_folder(
    server: LiveServer,
    here: IndexCommands,
    there: IndexCommands,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there.do("create", name)
    monkeypatch.setenv("DATA_DIR", str(server.folder / "data"))
    monkeypatch.setenv("SERVICE_PORT", str(urlsplit(server.base_url).port))
    outcome = here.run("show", name)
    assert outcome.code == 0
    assert name in outcome.out
    assert outcome.err.count("\n") == 1
    assert "is in use; asking the server at http://localhost:" in outcome.err


def test_a_folder_in_use_and_no_server_to_ask(
    server: LiveServer, here: IndexCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(server.folder / "data"))
    assert "another process has its indexes in" in here.fail("list")


def test_no_database_is_no_place(here: IndexCommands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "none")
    assert "name the server that has them with --url" in here.fail("list")


def test_keys_are_not_asked_for_in_this_process(
    here: IndexCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEYS_FILE", "/none.toml")
    assert here.read("list") == {"indexes": []}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:1", "no server answers there"),
        ("127.0.0.1:1", "no server answers there"),
        ("http://a:b", "is no URL"),
    ],
)
def test_a_server_that_is_not_there(here: IndexCommands, url: str, told: str) -> None:
    assert told in here.fail("list", "--url", url)


def test_ctrl_c_is_code_130(here: IndexCommands, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(access, "open_indexes", interrupt)
    outcome = here.run("list")
    assert (outcome.code, outcome.err) == (130, "Stopped\n")


def test_the_group_lists_its_commands(here: IndexCommands) -> None:
    told = here.do("--help")
    commands = "create list show add search delete import export alias"
    for command in commands.split():
        assert command in told
