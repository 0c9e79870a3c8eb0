import asyncio
import gc
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pydantic
import pytest
import structlog

from embedding_service.errors import ServiceError
from embedding_service.inference.requests import EmbeddingRequest
from embedding_service.telemetry.logs import LogLevel, adopt_loggers, configure_logs

CANARY = "the-secret-of-a-user"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Log:
    """A configured log and what was written to it."""

    def __init__(self, level: LogLevel = "info") -> None:
        self.stream = io.StringIO()
        configure_logs("json", level, self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def line(self) -> dict[str, Any]:
        (line,) = self.lines
        return line


def test_a_line_is_one_json_object_with_the_agreed_keys_first() -> None:
    log = Log()
    structlog.get_logger("embedding_service.api").info("served", texts=3, seconds=0.5)
    assert log.text.endswith("\n")
    assert list(log.line) == ["timestamp", "level", "event", "logger", "texts", "seconds"]
    assert log.line["level"] == "info"
    assert log.line["logger"] == "embedding_service.api"
    assert (log.line["texts"], log.line["seconds"]) == (3, 0.5)


def test_the_time_is_utc_in_iso_8601() -> None:
    log = Log()
    structlog.get_logger().info("now")
    written = datetime.fromisoformat(log.line["timestamp"])
    assert written.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)


def test_a_line_carries_the_request_it_belongs_to() -> None:
    log = Log()
    with structlog.contextvars.bound_contextvars(request_id="r-1", trace_id="0af7"):
        structlog.get_logger().info("ours")
        logging.getLogger("some.library").warning("theirs")
    structlog.get_logger().info("later")
    ours, theirs, later = log.lines
    assert (ours["request_id"], ours["trace_id"]) == ("r-1", "0af7")
    assert (theirs["request_id"], theirs["trace_id"]) == ("r-1", "0af7")
    assert "request_id" not in later


def test_the_level_bounds_what_is_written() -> None:
    log = Log("warning")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert log.line["event"] == "loud"


def test_the_standard_library_s_loggers_speak_the_same_way() -> None:
    log = Log()
    logging.getLogger("some.library").warning("%d retries", 3)
    assert list(log.line) == ["timestamp", "level", "event", "logger"]
    assert (log.line["event"], log.line["logger"]) == ("3 retries", "some.library")
    assert log.line["level"] == "warning"


def test_libraries_are_quiet_about_everyday_things() -> None:
    log = Log("info")
    logging.getLogger("httpx").info("HTTP Request: GET")
    assert log.text == ""


def test_libraries_talk_while_debugging_but_do_not_chatter() -> None:
    log = Log("debug")
    logging.getLogger("httpx").info("HTTP Request: GET")
    logging.getLogger("asyncio").debug("Using selector")
    assert log.line["event"] == "HTTP Request: GET"


def test_the_server_s_own_loggers_follow_the_level() -> None:
    log = Log("info")
    logging.getLogger("uvicorn.error").info("running")
    logging.getLogger("embedding_service.somewhere").info("ours by the other road")
    assert [line["event"] for line in log.lines] == ["running", "ours by the other road"]


def test_uvicorn_writes_no_access_lines() -> None:
    log = Log("debug")
    access = logging.getLogger("uvicorn.access")
    assert not access.hasHandlers()
    access.warning("GET /?q=text")
    assert log.text == ""


def test_a_level_of_its_own_kind_is_rounded_down() -> None:
    log = Log()
    logging.getLogger("some.library").log(35, "between")
    logging.getLogger("some.library").log(70, "beyond")
    assert [line["level"] for line in log.lines] == ["warning", "critical"]


def test_arguments_that_do_not_fit_do_no_harm() -> None:
    log = Log()
    logging.getLogger("some.library").warning("%d", "three")
    assert log.line["event"] == "%d"


def test_warnings_become_lines() -> None:
    log = Log()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("this will go", DeprecationWarning, stacklevel=1)
    assert "this will go" in log.line["event"]
    assert log.line["logger"] == "py.warnings"


def test_a_library_with_a_handler_of_its_own_is_brought_under_ours() -> None:
    log = Log()
    library = logging.getLogger("some.headstrong.library")
    own = io.StringIO()
    library.addHandler(logging.StreamHandler(own))
    library.propagate = False
    adopt_loggers()
    library.warning("heard")
    assert own.getvalue() == ""
    assert log.line["event"] == "heard"


def test_a_library_that_logs_to_a_file_keeps_it(tmp_path: Path) -> None:
    library = logging.getLogger("some.filing.library")
    handler = logging.FileHandler(tmp_path / "log")
    library.addHandler(handler)
    adopt_loggers()
    assert library.handlers == [handler]
    library.removeHandler(handler)
    handler.close()


def test_an_exception_is_shown_with_its_frames() -> None:
    log = Log()
    try:
        raise ServiceError("the model has gone")  # noqa: TRY301  its frame is the subject
    except ServiceError:
        structlog.get_logger().exception("failed")
    assert log.line["level"] == "error"
    assert "test_an_exception_is_shown_with_its_frames" in log.line["exception"]
    assert log.line["exception"].endswith("ServiceError: the model has gone")


@pytest.mark.parametrize("form", ["instance", "tuple"])
def test_an_exception_may_be_given(form: str) -> None:
    log = Log()
    error = ServiceError("gone")
    exc_info = error if form == "instance" else (ServiceError, error, None)
    structlog.get_logger().error("failed", exc_info=exc_info)
    assert "ServiceError: gone" in log.line["exception"]


def test_no_exception_leaves_no_trace() -> None:
    log = Log()
    structlog.get_logger().error("failed", exc_info=True)
    assert "exception" not in log.line


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


@pytest.mark.parametrize("value", ["\ud800", 2**70])
def test_what_json_cannot_hold_is_written_all_the_same(value: object) -> None:
    log = Log()
    structlog.get_logger().info("odd", value=value)
    assert log.line["value"] == value


def test_a_closed_stream_does_no_harm() -> None:
    log = Log()
    log.stream.close()
    structlog.get_logger().info("to nobody")


def test_standard_error_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json", "info")
    structlog.get_logger().info("here")
    assert json.loads(capsys.readouterr().err)["event"] == "here"


def test_auto_is_json_where_nobody_looks() -> None:
    stream = io.StringIO()
    configure_logs("auto", "info", stream)
    structlog.get_logger().info("hello")
    assert json.loads(stream.getvalue())["event"] == "hello"


def test_auto_is_for_people_and_in_colour_on_a_terminal() -> None:
    stream = Terminal()
    configure_logs("auto", "info", stream)
    structlog.get_logger("embedding_service").info("hello", texts=3)
    assert "hello" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()


def test_console_without_a_terminal_has_no_colours() -> None:
    stream = io.StringIO()
    configure_logs("console", "info", stream)
    structlog.get_logger("embedding_service").info("hello", texts=3)
    assert "hello" in stream.getvalue()
    assert "texts=3" in stream.getvalue()
    assert "\x1b[" not in stream.getvalue()


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        configure_logs("json", "info", stream)
        ours, theirs = structlog.get_logger(), logging.getLogger("some.library")

        def write() -> None:
            for number in range(100):
                ours.info("ours", number=number, padding="x" * 5000)
                theirs.warning("theirs %s", "y" * 5000)

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 800
    assert all(json.loads(line) for line in lines)


FORK = """
import logging, os, sys, threading, structlog
from embedding_service.telemetry.logs import configure_logs

configure_logs("json", "info")
handler = logging.root.handlers[0]
handler.acquire()  # as if another thread were in the middle of a line
child = os.fork()
if child == 0:
    thread = threading.Thread(target=structlog.get_logger().info, args=("child",), daemon=True)
    thread.start()
    thread.join(30)
    os._exit(int(thread.is_alive()))
handler.release()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_forked_while_a_line_is_written_can_log() -> None:
    # In a process of its own: a test runner has threads, and forking beside threads is warned of.
    done = subprocess.run([sys.executable, "-c", FORK], check=True, capture_output=True, text=True)
    assert json.loads(done.stderr)["event"] == "child"
