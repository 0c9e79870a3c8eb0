"""What nobody caught, or was logged by mistake, is told without a user's text."""

import asyncio
import gc
import io
import logging
import sys
import threading
from typing import Literal

import pydantic
import pytest
import structlog

from embedding_service.inference.requests import EmbeddingRequest
from embedding_service.telemetry.logs import configure_logs
from written_log import Log

CANARY = "the-secret-of-a-user"


class Body(pydantic.BaseModel):
    texts: list[int]


def choke(text: str) -> None:
    """Fail in two ways at once, each of which quotes the text."""
    local = text  # must not show either
    try:
        Body.model_validate({"texts": [local]})
    except pydantic.ValidationError:
        f"{local}\ud800".encode()


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_text_gets_out_through_an_exception(form: Literal["json", "console"]) -> None:
    stream = io.StringIO()
    configure_logs(form, "debug", stream)
    try:
        choke(CANARY)
    except UnicodeEncodeError as error:
        structlog.get_logger().exception("failed")
        structlog.get_logger().error("failed", cause=error)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
        logging.getLogger("some.library").error("failed: %s", error)  # noqa: TRY400  as some do
        logging.getLogger("some.library").error("failed: %r", error)  # noqa: TRY400
        logging.getLogger("some.library").error("failed: %(e)s", {"e": error})  # noqa: TRY400
        logging.getLogger("some.library").error(error)  # noqa: TRY400
    written = stream.getvalue()
    assert CANARY not in written
    assert written.count("UnicodeEncodeError") >= 7
    assert "ValidationError" in written


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_text_gets_out_through_an_object_logged_by_mistake(
    form: Literal["json", "console"],
) -> None:
    stream = io.StringIO()
    configure_logs(form, "debug", stream)
    request = EmbeddingRequest(inputs=[CANARY])
    structlog.get_logger().info("got", request=request, requests=[request])
    assert CANARY not in stream.getvalue()
    assert "<EmbeddingRequest>" in stream.getvalue()


def test_no_text_gets_out_through_a_task_that_nobody_awaited() -> None:
    log = Log("debug")

    async def leave_a_task() -> None:
        async def fail() -> None:
            raise ValueError(CANARY)

        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()

    asyncio.run(leave_a_task())
    assert any(line["event"] == "Task exception was never retrieved" for line in log.lines)
    assert CANARY not in log.text


def test_a_thread_s_death_is_a_line_without_its_message() -> None:
    log = Log()
    thread = threading.Thread(target=choke, args=(CANARY,), name="tokeniser-1")
    thread.start()
    thread.join()
    assert log.line["thread"] == "tokeniser-1"
    assert "UnicodeEncodeError" in log.line["exception"]
    assert CANARY not in log.text


def test_the_program_s_death_is_a_line_without_its_message() -> None:
    log = Log()
    sys.excepthook(ValueError, ValueError(CANARY), None)
    assert log.line["level"] == "critical"
    assert log.line["exception"] == "ValueError"


def test_an_interrupt_from_the_keyboard_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert log.text == ""
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_an_exception_that_could_not_be_raised_is_a_line_without_its_message() -> None:
    log = Log()

    class Fragile:
        def __del__(self) -> None:
            raise ValueError(CANARY)

    Fragile()
    gc.collect()
    assert "ValueError" in log.line["exception"]
    assert CANARY not in log.text
