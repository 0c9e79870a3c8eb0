"""Any bytes on a connection: it is answered or closed, and the next one is served."""

import json
import re
from collections.abc import Callable
from contextlib import suppress

import pytest

from fuzz_bodies import CANARY, MAX_TEXTS
from fuzz_connections import Stream, streams
from fuzz_runs import Length, both_lengths, run_cases
from live_server import LiveServer
from metric_samples import sample
from raw_http import GOOD_REQUEST, RawConnection, frame
from waiting import wait_until

pytestmark = pytest.mark.xdist_group("fuzz-bodies")

_SECONDS = 30.0
_SERVER_ERROR = re.compile(rb"^HTTP/1\.[01] 5\d\d", re.MULTILINE)
_JSON = [("Content-Type", "application/json")]


@both_lengths
def test_whatever_comes_over_a_connection_it_is_answered_or_closed(
    length: Length,
    seed: int | None,
    target: LiveServer,
    record_property: Callable[[str, object], None],
) -> None:
    def check(stream: Stream) -> None:
        with RawConnection(target.base_url, _SECONDS) as connection:
            with suppress(ConnectionError):  # closed over what it had not read
                for piece in stream.pieces:
                    connection.send(piece)
            assert not _SERVER_ERROR.search(connection.finish())
        assert_serves(target)

    checked = run_cases(streams(), check, length.connections, seed)
    record_property("cases", checked)
    assert checked >= length.connections
    target.assert_innocent(CANARY)


@pytest.mark.parametrize("chunks", [(), (60_000, 60_000)], ids=["declared", "chunked"])
def test_a_client_that_sends_all_of_a_body_too_large_still_reads_why_it_is_refused(
    chunks: tuple[int, ...], target: LiveServer
) -> None:
    with RawConnection(target.base_url, _SECONDS) as connection:
        connection.send(frame("/v1/embeddings", _JSON, b" " * 8_000_000, chunks))
        assert connection.receive().status == 413
        connection.send(GOOD_REQUEST)
        assert connection.receive().status == 200


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"GET /", b"a" * 1_000),
        (b"GET /livez HTTP/1.1\r\nX-A: ", b"a" * 1_000),
        (b"GET /livez HTTP/1.1\r\n", b"X-A: a\r\n" * 100),
        (frame("/embed", _JSON, b"{}", [2]).removesuffix(b"\r\n"), b"X-A: a\r\n" * 100),
    ],
    ids=["target", "header", "headers", "trailers"],
)
def test_a_head_without_an_end_is_not_kept(start: bytes, more: bytes, target: LiveServer) -> None:
    with RawConnection(target.base_url, _SECONDS) as connection:
        connection.send(start)
        sent = 0
        with suppress(ConnectionError):
            while sent < 100_000_000:
                connection.send(more)
                sent += len(more)
        assert sent < 100_000_000
    assert_serves(target)


def test_a_client_that_leaves_with_two_requests_under_way_is_no_fault_of_ours(
    target: LiveServer,
) -> None:
    slow = json.dumps({"inputs": [f"{n} " * 600 for n in range(MAX_TEXTS)]}).encode()
    with target.http() as http:
        before = sample(http, "http_requests_total", route="/embed")
        with RawConnection(target.base_url, _SECONDS) as connection:
            connection.send(frame("/embed", _JSON, slow) + GOOD_REQUEST)
        wait_until(
            lambda: sample(http, "http_requests_total", route="/embed") > before,
            _SECONDS,
            "the first request ends",
        )
    target.assert_innocent(CANARY)


def assert_serves(target: LiveServer) -> None:
    with RawConnection(target.base_url, _SECONDS) as connection:
        connection.send(GOOD_REQUEST)
        assert connection.receive().status == 200
