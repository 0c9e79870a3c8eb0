"""Any bytes as a body: an answer of the dialect that was spoken, and the next request is served."""

from collections.abc import Callable
from typing import get_args

import pytest

from error_shapes import Dialect, assert_refusal, read_json
from fuzz_bodies import CANARY, Case, cases
from fuzz_runs import Length, both_lengths, run_cases
from live_server import LiveServer
from raw_http import GOOD_REQUEST, Answer, RawConnection, frame

pytestmark = pytest.mark.xdist_group("fuzz-bodies")

_SECONDS = 30.0
"""After which a silent server counts as hung."""
_ECHOING = ("/tokenize", "/decode", "/search")


@both_lengths
@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_whatever_the_body_the_answer_is_a_good_one_or_a_refusal(
    dialect: Dialect,
    length: Length,
    seed: int | None,
    target: LiveServer,
    record_property: Callable[[str, object], None],
) -> None:
    def check(case: Case) -> None:
        with RawConnection(target.base_url, _SECONDS) as connection:
            connection.send(frame(case.path, case.headers, case.body, case.chunks))
            assert_good_or_refused(connection.receive(), case, dialect)
            connection.send(GOOD_REQUEST)
            assert connection.receive().status == 200

    checked = run_cases(cases(dialect), check, length.dialect, seed)
    record_property("cases", checked)
    assert checked >= length.dialect
    target.assert_innocent(CANARY)


def assert_good_or_refused(answer: Answer, case: Case, dialect: Dialect) -> None:
    if answer.status != 200:
        assert_refusal(answer, dialect)
        assert CANARY.encode() not in answer.body
    elif answer.headers["content-type"] == "application/x-ndjson":
        *lines, last = [read_json(line) for line in answer.body.splitlines()]
        assert last.keys() == {"done", "count", "usage"}, last
        assert [line["index"] for line in lines] == list(range(last["count"]))
    else:
        assert answer.headers["content-type"] == "application/json"
        assert read_json(answer.body)
        assert case.path.endswith(_ECHOING) or CANARY.encode() not in answer.body
