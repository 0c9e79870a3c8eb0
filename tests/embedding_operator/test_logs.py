"""Log lines, ours and the libraries', in one form."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from embedding_operator.logs import configure_logs
from embedding_operator.settings import Settings


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, kopf = logging.getLogger(), logging.getLogger("kopf")
    before = root.handlers, root.level, kopf.level
    yield
    root.handlers, root.level, kopf.level = before
    structlog.reset_defaults()


def configure(**changes: str) -> None:
    given = {"operator_namespace": "system", "defaults_file": Path("f"), **changes}
    configure_logs(Settings.model_validate(given))


def test_a_line_is_an_object_with_what_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    with structlog.contextvars.bound_contextvars(index="team/docs"):
        structlog.stdlib.get_logger("embedding_operator.test").warning("put off", seconds=1.5)
    logging.getLogger("aiohttp").warning("theirs %d", 1)
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert ours.items() >= {"event": "put off", "index": "team/docs", "seconds": 1.5}.items()
    assert (theirs["event"], theirs["logger"]) == ("theirs 1", "aiohttp")


def test_what_is_less_severe_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure(log_level="warning", log_format="console")
    logging.getLogger("x").info("quiet")
    logging.getLogger("kopf").info("quiet")
    assert capsys.readouterr().err == ""
    logging.getLogger("x").error("loud")
    assert "loud" in capsys.readouterr().err
