"""Any bytes on a connection: it is answered or closed, and the next one is served."""

import re
from contextlib import suppress

import pytest

from fuzz_bodies import CANARY
from fuzz_connections import Stream, streams
from fuzz_runs import LONG, SHORT, Length, choose_seed, run_cases
from live_server import LiveServer
from raw_http import RawConnection, frame

pytestmark = pytest.mark.xdist_group("fuzz-bodies")

_SECONDS = 30.0
_SERVER_ERROR = re.compile(rb"^HTTP/1\.[01] 5\d\d", re.MULTILINE)


@pytest.mark.parametrize(
    "length",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(300)),
        pytest.param(LONG, id="long", marks=pytest.mark.long),
    ],
)
def test_whatever_comes_over_a_connection_it_is_answered_or_closed(
    length: Length, target: LiveServer, pytestconfig: pytest.Config
) -> None:
    seed = choose_seed(pytestconfig, is_long=length is LONG)
    print(f"connections: seed {seed}")

    def check(stream: Stream) -> None:
        with RawConnection(target.base_url, _SECONDS) as connection:
            with suppress(ConnectionError):  # closed over what it had not read
                for piece in stream.pieces:
                    connection.send(piece)
            assert not _SERVER_ERROR.search(connection.finish())
        with RawConnection(target.base_url, _SECONDS) as connection:
            connection.send(frame("/embed", [("Content-Type", "application/json")], GOOD))
            assert connection.receive().status == 200

    assert run_cases(streams(), check, length.connections, seed) >= length.connections
    assert CANARY not in target.log
    assert '"level":"error"' not in target.log


GOOD = b'{"inputs": "good day"}'


@pytest.mark.parametrize("chunks", [(), (60_000, 60_000)], ids=["declared", "chunked"])
def test_a_client_that_sends_all_of_a_body_too_large_still_reads_why_it_is_refused(
    chunks: tuple[int, ...], target: LiveServer
) -> None:
    with RawConnection(target.base_url, _SECONDS) as connection:
        headers = [("Content-Type", "application/json")]
        connection.send(frame("/v1/embeddings", headers, b" " * 8_000_000, chunks))
        assert connection.receive().status == 413
