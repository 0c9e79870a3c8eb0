"""The OpenAPI document of a live server: whatever it allows or forbids, the server keeps to it."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from schemathesis import openapi
from schemathesis.engine import events, from_schema
from schemathesis.schemas import BaseSchema

from fuzz_bodies import CANARY
from fuzz_runs import LONG, SHORT, Length, both_lengths
from live_server import LiveServer

pytestmark = pytest.mark.xdist_group("fuzz-document")

_NOT_REACHED = b'"code":"version_not_reached"'
_VERDICTS = b'"errors":[{'
_NOT_TOLD_BY_SCHEMAS = "positive_data_acceptance"
"""Which models, prompts and token ids there are, and that 1.0 is no integer here."""


@both_lengths
def test_the_server_keeps_to_its_document(
    length: Length,
    seed: int | None,
    target: LiveServer,
    record_property: Callable[[str, object], None],
) -> None:
    schema = openapi.from_url(f"{target.base_url}/openapi.json")
    schema.config.update(base_url=target.base_url, request_timeout=30, continue_on_failure=True)
    schema.config.generation.update(max_examples=length.examples, deterministic=seed is None)
    if seed is not None:
        schema.config.seed = seed
    schema.config.phases.update(phases=["examples", "coverage", "fuzzing"])
    schema.config.checks.update(excluded_check_names=[_NOT_TOLD_BY_SCHEMAS])
    checked, failures = execute(schema)
    record_property("cases", checked)
    assert not failures, "\n\n".join(failures)
    assert checked >= length.document
    assert httpx.post(f"{target.base_url}/embed", json={"inputs": "good day"}).status_code == 200
    target.assert_innocent(CANARY)


def test_the_runs_are_as_long_as_promised() -> None:
    assert SHORT.cases >= 2_000
    assert LONG.cases >= 20_000


def execute(schema: BaseSchema) -> tuple[int, list[str]]:
    """How many requests were made, and what was wrong with their answers."""
    checked = 0
    failures: dict[str, None] = {}
    operations: set[str] = set()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            checked += len(event.recorder.interactions)
            operations.add(event.recorder.label)
            failures |= dict.fromkeys(_failures_of(event))
        elif isinstance(event, events.NonFatalError):
            failures[f"{event.label}: {event.value!r}"] = None
        elif isinstance(event, events.FatalError):
            raise event.exception
    assert len(operations) == schema.statistic.operations.total
    return checked, list(failures)


def _is_meant(event: events.ScenarioFinished, case_id: str) -> bool:
    """Whether the answer is as it should be, although the schema cannot say why.

    A version that nobody has written was waited for in vain; a document that cannot be was refused
    by itself, as `"atomic": false` asks for.
    """
    response = event.recorder.interactions[case_id].response
    if response is None:
        return False
    is_verdict = response.status_code == httpx.codes.OK and _VERDICTS in response.content
    return is_verdict or _NOT_REACHED in response.content


def _failures_of(event: events.ScenarioFinished) -> Iterator[str]:
    for case_id, checks in event.recorder.checks.items():
        for each in checks:
            info = each.failure_info
            if info and not _is_meant(event, case_id):
                yield f"{event.recorder.label}: {info.failure}\n{info.code_sample}"
