"""The front's end of a control channel."""

import socket
import threading
from collections.abc import Iterator

import pytest

from embedding_service.inference.workers.control import Control, ForkRefused, ProcessLost
from embedding_service.inference.workers.wire import receive_control, send_control


@pytest.fixture
def pair() -> Iterator[tuple[Control, socket.socket]]:
    ours, theirs = socket.socketpair()
    control = Control(ours)
    yield control, theirs
    control.close()
    theirs.close()


def answer(theirs: socket.socket, message: dict[str, object]) -> None:
    def run() -> None:
        receive_control(theirs)
        send_control(theirs, message)

    threading.Thread(target=run).start()


def test_a_refused_fork_leaves_the_channel_in_use(pair: tuple[Control, socket.socket]) -> None:
    control, theirs = pair
    answer(theirs, {"refused": "cannot fork: no memory"})
    with pytest.raises(ForkRefused, match="no memory"):
        control.call({"do": "worker"})
    assert not control.is_closed
    answer(theirs, {"pid": 7})
    assert control.call({"do": "worker"}) == {"pid": 7}


def test_an_answer_that_is_late_is_never_taken_for_another(
    pair: tuple[Control, socket.socket],
) -> None:
    control, _ = pair
    with pytest.raises(ProcessLost):
        control.call({"do": "kill"}, seconds=0.01)
    assert control.is_closed
    with pytest.raises(ProcessLost):
        control.call({"do": "worker"})


def test_a_process_that_has_ended_is_lost(pair: tuple[Control, socket.socket]) -> None:
    control, theirs = pair
    theirs.close()
    with pytest.raises(ProcessLost):
        control.wait(5)
