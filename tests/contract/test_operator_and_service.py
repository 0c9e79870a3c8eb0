"""What the operator and the server have in common, though they share no module."""

import typing
from contextlib import nullcontext
from pathlib import Path

import pytest
from pydantic import ValidationError

from embedding_indexes import NOW, an_index, wanted
from embedding_operator.apply.executor import Executor
from embedding_operator.apply.snapshots import SnapshotMaker
from embedding_operator.apply.writer import Writer
from embedding_operator.children.sweeps import build_sweep
from embedding_operator.plan import deletion as operator_orders
from embedding_operator.plan import sweeping
from embedding_operator.reasons import Reason, SnapshotReason
from embedding_operator.reports import (
    AWAY,
    LOST,
    NO_ROOM,
    OTHER_MODEL,
    STORE_AWAY,
    Report,
    name_purge,
)
from embedding_operator.resources.engine import EngineType
from embedding_operator.resources.index import FieldType, Metric, Reload
from embedding_operator.runbook import RUNBOOK
from embedding_operator.service_settings import SETTINGS
from embedding_operator.snapshot_runbook import SNAPSHOT_RUNBOOK
from embedding_service.api.admin import _operator_routes
from embedding_service.api.native.indexes.payloads import LONGEST_SNAPSHOT
from embedding_service.api.operating.jobs import _LONGEST_KEY
from embedding_service.api.operating.payloads import PurgeOrder, ReloadOrder
from embedding_service.cli import main
from embedding_service.cli.index import sweep
from embedding_service.errors import ModelNotServed, ModelUnavailable
from embedding_service.indexes import definition
from embedding_service.indexes.errors import ModelMismatch, OutOfSpace, RecordUnavailable
from embedding_service.indexes.snapshots import layout
from embedding_service.indexes.snapshots.errors import SnapshotStoreUnavailable
from embedding_service.jobs.runner import ENDED_CODE
from embedding_service.settings import Settings
from fake_cluster import FakeCluster
from fake_operator_pods import FakePods
from observed import a_pod, observe


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
    assert {RecordUnavailable.code, SnapshotStoreUnavailable.code} == AWAY
    assert (SnapshotStoreUnavailable.code, OutOfSpace.code) == (STORE_AWAY, NO_ROOM)


@pytest.mark.parametrize("length", [LONGEST_SNAPSHOT, LONGEST_SNAPSHOT + 1])
def test_a_spec_names_a_snapshot_as_long_as_pods_take(length: int) -> None:
    can_be_asked = length <= LONGEST_SNAPSHOT
    for shape in (Reload, ReloadOrder):
        with nullcontext() if can_be_asked else pytest.raises(ValidationError, match="snapshot"):
            shape.model_validate({"snapshot": "a" * length})


def test_a_job_comes_back_for_files_when_they_may_go() -> None:
    assert sweeping._FILES_STAY > layout.GRACE


def test_the_server_knows_the_words_of_a_job_that_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = build_sweep(wanted(), "docs-sweep", ["0001"], "digest", NOW)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    for each in container["env"]:
        monkeypatch.setenv(each["name"], each["value"])
    monkeypatch.setenv("DATA_DIR", str(tmp_path))  # no pod has its folders here
    monkeypatch.setattr(sweep, "configure_logs", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        main(container["args"])
    assert ended.value.code == 0


async def test_an_order_to_remove_an_index_is_one_that_the_server_takes() -> None:
    pods, cluster, uid = FakePods(), FakeCluster(), an_index().meta.uid
    executor = Executor(Writer(cluster, "a/b"), SnapshotMaker(cluster, pods, "m"), pods)
    for removes_snapshots in (True, False):
        key = name_purge(uid, removes_snapshots=removes_snapshots)
        await executor.purge(observe(), operator_orders.PurgeOrder(a_pod(), key, removes_snapshots))
        method, path, body, sent = pods.asked[-1]
        order = PurgeOrder.model_validate(body)
        assert (order.confirm, order.snapshots) == (an_index().key, removes_snapshots)
        assert (sent, len(key) <= _LONGEST_KEY) == (key, True)
        (route,) = [each for each in _operator_routes() if each.path == path]
        assert method in (route.methods or ())


def test_the_least_that_a_pod_may_say_is_a_report() -> None:
    report = Report.model_validate({"instance": "a", "index": None, "something": "newer"})
    assert report.index is None


def test_every_reason_has_its_place_in_the_runbook() -> None:
    assert {reason for _, reason in RUNBOOK} == set(Reason)
    assert {reason for _, reason in SNAPSHOT_RUNBOOK} == set(SnapshotReason)


def test_every_reason_that_is_wrong_says_what_to_do() -> None:
    silent = [
        f"{type_} {reason}"
        for (type_, reason), entry in RUNBOOK.items()
        if type_ == "Degraded" and entry.status == "True" and not entry.remedy
    ]
    assert silent == []
