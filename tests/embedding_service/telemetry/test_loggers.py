"""The standard library's loggers, and those of other libraries, speak as ours do."""

import io
import logging
import warnings
from pathlib import Path

from embedding_service.telemetry.logs import adopt_loggers
from written_log import Log


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
