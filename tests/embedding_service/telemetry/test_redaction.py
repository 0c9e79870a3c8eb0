import json
import pickle
from collections.abc import Callable
from enum import Enum, StrEnum
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.errors import Overloaded, ServiceError
from embedding_service.telemetry.redaction import render_traceback, summarise, to_plain

CANARY = "the-secret-of-a-user"


def caught(action: Callable[[], object]) -> BaseException:
    try:
        action()
    except BaseException as error:  # noqa: BLE001  whatever it is, it is the test's subject
        return error
    raise AssertionError("nothing was raised")


class _Body(pydantic.BaseModel):
    texts: list[int]


def look_up(key: str) -> str:
    return dict[str, str]()[key]


def encode() -> bytes:
    return f"{CANARY}\ud800".encode()


def chained() -> None:
    try:
        look_up(CANARY)
    except KeyError as error:
        raise RuntimeError(CANARY) from error


LEAKY: dict[str, Callable[[], object]] = {
    "pydantic quotes its input": lambda: _Body.model_validate({"texts": [CANARY]}),
    "an encoder carries the string": encode,
    "a decoder carries the bytes": lambda: f"{CANARY}é".encode().decode("ascii"),
    "json keeps the document": lambda: json.loads(CANARY),
    "a missing key is the key": lambda: look_up(CANARY),
    "a number that is none is quoted": lambda: int(CANARY),
    "an assertion's message": lambda: fail_with(AssertionError(CANARY)),
    "an error with several arguments": lambda: fail_with(ValueError(CANARY, CANARY)),
    "an error with a note": lambda: fail_with(with_note(ValueError())),
    "a text taken for a path": lambda: Path(CANARY).read_text(),
    "an OSError that is only a message": lambda: fail_with(OSError(CANARY)),
    "a cause and a context": chained,
    "a group and its parts": lambda: fail_with(ExceptionGroup(CANARY, [ValueError(CANARY)])),
    "an exit code": lambda: fail_with(SystemExit(CANARY)),
    "something that does not pickle": lambda: pickle.dumps({CANARY: lambda: None}),
}


def fail_with(error: BaseException) -> None:
    raise error


def with_note(error: ValueError) -> ValueError:
    error.add_note(CANARY)
    return error


@pytest.mark.parametrize("action", LEAKY.values(), ids=LEAKY.keys())
def test_no_foreign_exception_shows_a_text(action: Callable[[], object]) -> None:
    error = caught(action)
    assert CANARY not in summarise(error)
    assert CANARY not in render_traceback(error)
    assert type(error).__qualname__ in render_traceback(error)


@given(st.text(min_size=5), st.sampled_from([ValueError, RuntimeError, TypeError, Exception]))
def test_no_message_of_a_general_exception_passes(text: str, kind: type[Exception]) -> None:
    assert summarise(kind(text)) == kind.__qualname__


def test_our_own_errors_keep_their_message() -> None:
    error = Overloaded("the queue is full; come back later", 2.0, "queue_full")
    assert summarise(error) == (
        "embedding_service.errors.Overloaded: the queue is full; come back later"
    )


def test_the_system_s_errors_keep_what_the_system_said() -> None:
    error = caught(lambda: Path("/no/such/file").read_text())
    assert summarise(error) == "FileNotFoundError: [Errno 2] No such file or directory"


def test_errors_about_modules_and_memory_keep_their_message() -> None:
    assert summarise(ModuleNotFoundError("No module named 'faiss'")) == (
        "ModuleNotFoundError: No module named 'faiss'"
    )
    assert summarise(MemoryError("8 GiB")) == "MemoryError: 8 GiB"


def test_an_error_of_the_device_s_memory_keeps_its_message() -> None:
    of_torch = type("OutOfMemoryError", (RuntimeError,), {"__module__": "torch"})
    assert summarise(of_torch("tried to allocate 2 GiB")) == (
        "torch.OutOfMemoryError: tried to allocate 2 GiB"
    )


def test_a_traceback_reads_like_python_s_with_the_cause_first() -> None:
    lines = render_traceback(caught(chained)).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert any("in chained" in line for line in lines)
    assert lines.index("KeyError") < lines.index("RuntimeError")
    assert "The above exception was the direct cause of the following exception:" in lines


def test_a_traceback_tells_what_was_being_handled() -> None:
    def stumble() -> None:
        try:
            look_up("a")
        except KeyError:
            raise RuntimeError  # noqa: B904  the context is the subject

    assert "During handling of the above exception" in render_traceback(caught(stumble))


def test_a_suppressed_context_stays_out() -> None:
    def stumble() -> None:
        try:
            look_up("a")
        except KeyError:
            raise RuntimeError from None

    assert "KeyError" not in render_traceback(caught(stumble))


def test_a_group_shows_its_parts() -> None:
    text = render_traceback(ExceptionGroup("", [ServiceError("first"), OSError(28, "no space")]))
    assert "part 1 of 2" in text
    assert "ServiceError: first" in text
    assert "[Errno 28] no space" in text


def test_a_circle_of_causes_ends() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert render_traceback(one).count("ValueError") == 1


def test_endless_recursion_is_cut_short() -> None:
    def recurse() -> None:
        recurse()

    assert len(render_traceback(caught(recurse)).splitlines()) < 200


class _Size(Enum):
    SMALL = 1


class _Word(StrEnum):
    HELLO = "hello"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        ("text", "text"),
        (_Size.SMALL, 1),
        (_Word.HELLO, "hello"),
        (Path("/models/mini"), "/models/mini"),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        ((1, "a"), [1, "a"]),
        ({1: {"x": (True,)}}, {"1": {"x": [True]}}),
        (ValueError(CANARY), "ValueError"),
        (np.zeros(3), "<ndarray>"),
        (SimpleNamespace(texts=[CANARY]), "<SimpleNamespace>"),
    ],
)
def test_values_become_plain(value: object, plain: object) -> None:
    result = to_plain(value)
    assert result == plain
    assert type(result) is type(plain)
