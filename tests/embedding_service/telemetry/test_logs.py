"""One line an event: its keys, its time, its form."""

import io
import json
import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from embedding_service.errors import ServiceError
from embedding_service.telemetry.logs import configure_logs
from written_log import Log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


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
