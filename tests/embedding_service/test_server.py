"""What of the server needs no server."""

import asyncio
import errno
import logging
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from embedding_service import server
from embedding_service.api.middleware.answering import BrokenAnswer
from embedding_service.server import CannotListen, open_port
from embedding_service.settings import Settings


class _Socket(socket.socket):
    """Cannot be bound, for the reason of the class."""

    reason: OSError

    def bind(self, _address: object) -> None:
        raise self.reason


def test_a_port_is_bound() -> None:
    with open_port("127.0.0.1", 0, "SERVICE_PORT") as bound:
        assert bound.getsockname()[1]


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "set SERVICE_HOST to"),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign"), "set SERVICE_HOST to"),
        (OSError(errno.EACCES, "Permission denied"), "set METRICS_PORT to one from 1024 on"),
        (
            OSError(errno.EADDRINUSE, "Address already in use"),
            "stop what does, or set METRICS_PORT",
        ),
    ],
)
def test_what_to_do_depends_on_why(
    error: OSError, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Socket, "reason", error, raising=False)
    monkeypatch.setattr("embedding_service.server.socket.socket", _Socket)
    with pytest.raises(CannotListen) as caught:
        open_port("host", 9, "METRICS_PORT")
    assert f"cannot listen on host:9 ({error.strerror}); " in str(caught.value)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("error", "is_news"), [(BrokenAnswer("internal_error"), False), (ValueError(), True)]
)
def test_a_broken_answer_is_told_by_the_access_log_alone(error: Exception, is_news: bool) -> None:
    facts = {"exc_info": (type(error), error, None)}
    assert server._is_news(logging.makeLogRecord(facts)) is is_news


def test_what_is_no_exception_is_news() -> None:
    assert server._is_news(logging.makeLogRecord({"msg": "Started"}))


@pytest.mark.parametrize("is_started", [True, False])
@pytest.mark.parametrize("failure", [None, OSError("gone")])
async def test_a_listener_that_ends_by_itself_is_code_1(
    is_started: bool, failure: OSError | None
) -> None:
    async def start() -> None:
        if not is_started:
            await asyncio.Event().wait()

    async def listen() -> None:
        if failure:
            raise failure

    application: Any = SimpleNamespace(start=start)
    listener: Any = SimpleNamespace(should_exit=False)
    serving = asyncio.create_task(listen())
    assert await server._run(application, [(listener, serving)], Settings()) == 1
