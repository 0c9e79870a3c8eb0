import socket

from embedding_service.cli.checks.finding import Level
from embedding_service.cli.checks.port import check_port
from embedding_service.settings import Settings
from fake_hub import running_hub


def test_a_free_port_is_good_news() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    finding = check_port(Settings(service_host="127.0.0.1", service_port=port))
    assert (finding.level, finding.message) == (Level.OK, f"{port} on 127.0.0.1 is free")


def test_port_0_takes_any() -> None:
    assert check_port(Settings(service_port=0)).message == "any free one"


def test_a_port_that_nobody_answers_on_may_be_taken_all_the_same() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        port = silent.getsockname()[1]
        finding = check_port(Settings(service_host="127.0.0.1", service_port=port))
    assert finding.level is Level.FAILED


def test_a_port_that_something_else_has_fails() -> None:
    with running_hub() as stranger:
        port = int(stranger.url.rpartition(":")[2])
        stranger.answer = lambda path: (404, {}, b"")  # type: ignore[method-assign]
        finding = check_port(Settings(service_host="127.0.0.1", service_port=port))
    assert finding.level is Level.FAILED
    assert "SERVICE_PORT" in finding.message


def test_a_port_that_our_own_server_has_is_good_news() -> None:
    with running_hub() as server:
        port = int(server.url.rpartition(":")[2])
        server.answer = lambda path: (200, {}, b"")  # type: ignore[method-assign]
        finding = check_port(Settings(service_port=port))
    assert (finding.level, finding.message) == (
        Level.OK,
        f"{port}: a server of ours answers there",
    )
