"""What the operator and the server have in common, though they share no module."""

import typing

import pytest

from embedding_operator.reasons import Reason
from embedding_operator.reports import LOST, OTHER_MODEL, Report
from embedding_operator.resources.index import EngineType, FieldType, Metric
from embedding_operator.runbook import RUNBOOK
from embedding_operator.service_settings import SETTINGS
from embedding_service.errors import ModelNotServed, ModelUnavailable
from embedding_service.indexes import definition
from embedding_service.indexes.errors import ModelMismatch
from embedding_service.jobs.runner import ENDED_CODE
from embedding_service.settings import Settings


def test_the_operator_knows_the_names_of_all_settings() -> None:
    assert {name.upper() for name in Settings.model_fields} == SETTINGS


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (Metric, definition.Metric),
        (EngineType, definition.Engine),
        (FieldType, definition.FieldType),
    ],
)
def test_words_of_a_spec_are_the_servers_own_in_small_letters(
    theirs: type[typing.Any], ours: type[typing.Any]
) -> None:
    assert {each.value.lower() for each in theirs} == {each.value for each in ours}


def test_codes_that_the_operator_decides_by_are_the_servers_own() -> None:
    assert LOST == ENDED_CODE
    assert {each.code for each in (ModelMismatch, ModelNotServed, ModelUnavailable)} == OTHER_MODEL


def test_the_least_that_a_pod_may_say_is_a_report() -> None:
    report = Report.model_validate({"instance": "a", "index": None, "something": "newer"})
    assert report.index is None


def test_every_reason_has_its_place_in_the_runbook() -> None:
    assert {reason for _, reason in RUNBOOK} == set(Reason)


def test_every_reason_that_is_wrong_says_what_to_do() -> None:
    silent = [
        f"{type_} {reason}"
        for (type_, reason), entry in RUNBOOK.items()
        if type_ == "Degraded" and entry.status == "True" and not entry.remedy
    ]
    assert silent == []
