"""A file that changes: what it says, and what stays when it says nothing."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.watched import Watched


class Clock:
    """Time that moves when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def parse(path: Path) -> int:
    return int(path.read_text())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "number"
    path.write_text("1")
    return path


def test_a_change_is_seen_a_second_later(path: Path) -> None:
    clock = Clock()
    number = Watched(path, parse, clock=clock)
    path.write_text("22")
    assert number.value == 1
    clock.now += 1
    assert number.value == 22


@pytest.mark.parametrize("text", ["none", None])
def test_what_cannot_be_read_is_told_once_and_the_old_stays(path: Path, text: str | None) -> None:
    clock = Clock()
    number = Watched(path, parse, clock=clock)
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with capture_logs() as logs:
        for _ in range(3):
            clock.now += 1
            assert number.value == 1
    assert [entry["log_level"] for entry in logs] == ["error"]


def test_a_file_that_cannot_be_read_at_first_is_raised(path: Path) -> None:
    path.write_text("none")
    with pytest.raises(ValueError, match="none"):
        Watched(path, parse)


@pytest.mark.parametrize(("text", "told"), [("none", ["error"]), (None, [])])
def test_or_something_else_counts_until_it_can_be(
    path: Path, text: str | None, told: list[str]
) -> None:
    clock = Clock()
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with capture_logs() as logs:
        number = Watched(path, parse, first=7, clock=clock)
    assert (number.value, [entry["log_level"] for entry in logs]) == (7, told)
    path.write_text("333")
    clock.now += 1
    assert number.value == 333
