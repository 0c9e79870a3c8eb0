"""How a new index is filled: once, from what it may reach, and not before it is there."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import SHARED, a_snapshot, an_index, wanted
from embedding_operator.observe.pods import Trouble
from embedding_operator.plan.bootstrap import Bootstrap, Source, parse_uri, plan_bootstrap
from embedding_operator.reasons import Reason
from embedding_operator.reports import Job, fold
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.status import Bootstrapped
from observed import LOST, a_job, a_pod, an_outage, observe

BY_NAME = {**SHARED, "bootstrap": {"snapshot": "docs-1"}}
URI = "s3://snapshots/team/old/0001"
BY_URI = {"bootstrap": {"uri": "s3://far/deep/other/x/7", "secret": {"name": "far"}}}
SOURCE = a_snapshot("docs-1", "Completed", uri=URI, indexUid="old")
ORDER = Source("team/old", "0001")


def step(
    spec: dict[str, Any],
    source: EmbeddingIndexSnapshot | None = None,
    job: Job | None = None,
    status: dict[str, Any] | None = None,
    *,
    has_pod: bool = True,
) -> Bootstrap:
    seen = observe(
        an_index(spec, status),
        pods=(a_pod("b"), a_pod("a"), a_pod("0", is_ready=False)) if has_pod else (),
        source=source,
        bootstrap=job,
    )
    return plan_bootstrap(seen, wanted(spec))


def trouble_of(planned: Bootstrap) -> Trouble:
    assert planned.trouble is not None
    assert (planned.is_done, planned.source) == (False, None)
    return planned.trouble


@pytest.mark.parametrize("spec", [{}, {"bootstrap": {"retained": "old"}}])
def test_an_index_that_begins_empty_or_with_a_volume_is_filled(spec: dict[str, Any]) -> None:
    assert step(spec) == Bootstrap()


def test_what_is_filled_is_never_filled_again() -> None:
    done = {"snapshot": "0001", "done": True}
    planned = step(BY_NAME, None, LOST, {"bootstrap": done})
    assert planned == Bootstrap(status=Bootstrapped.model_validate(done))


def test_a_snapshot_that_is_there_is_asked_for_of_a_ready_pod() -> None:
    planned = step(BY_NAME, SOURCE)
    assert (planned.source, planned.is_retry, planned.is_done) == (ORDER, False, False)
    assert planned.pod == a_pod("a")
    assert ORDER.order == {"from_uid": "team/old", "snapshot": "0001", "url": None}


def test_without_a_ready_pod_it_waits() -> None:
    planned = step(BY_NAME, SOURCE, has_pod=False)
    assert (planned.pod, planned.is_done) == (None, False)


def test_an_address_needs_no_object() -> None:
    planned = step(BY_URI)
    assert planned.source == Source("other/x", "7", "s3://far/deep")


def test_a_snapshot_that_is_not_there_yet_is_waited_for() -> None:
    assert trouble_of(step(BY_NAME)).reason is Reason.SNAPSHOT_NOT_FOUND
    for phase in (None, "Pending", "Running"):
        planned = step(BY_NAME, a_snapshot("docs-1", phase))
        assert planned == Bootstrap(is_done=False)


def test_a_snapshot_that_has_failed_is_told() -> None:
    trouble = trouble_of(step(BY_NAME, a_snapshot("docs-1", "Failed")))
    assert trouble.reason is Reason.SNAPSHOT_NOT_FOUND
    assert "docs-1" in trouble.message


@pytest.mark.parametrize(
    "uri", ["s3://others/team/old/1", "file:///snapshots/team/old/1", "s3://b/1", "", None]
)
def test_a_snapshot_in_other_storage_cannot_be_reached(uri: str | None) -> None:
    source = a_snapshot("docs-1", "Completed", uri=uri)
    assert trouble_of(step(BY_NAME, source)).reason is Reason.SNAPSHOT_UNREACHABLE


MINIO, CEPH = "http://minio.store:9000", "http://ceph.store:80"


def at(endpoint: str | None) -> dict[str, Any]:
    """An index whose bucket is on another server than Amazon's."""
    s3 = {**SHARED["storage"]["s3"], **({"endpoint": endpoint} if endpoint else {})}
    return {**BY_NAME, "storage": {"type": "S3", "s3": s3}}


@pytest.mark.parametrize("there", [None, MINIO, CEPH])
@pytest.mark.parametrize("here", [None, MINIO])
def test_a_bucket_of_the_same_name_on_another_server_cannot_be_reached(
    there: str | None, here: str | None
) -> None:
    source = a_snapshot("docs-1", "Completed", uri=URI, endpoint=there, indexUid="old")
    planned = step(at(here), source)
    if there == here:
        assert planned.source == ORDER
        return
    trouble = trouble_of(planned)
    assert trouble.reason is Reason.SNAPSHOT_UNREACHABLE
    assert all(each in trouble.message for each in (there, here) if each)
    assert "bootstrap.uri" in trouble.message


@pytest.mark.parametrize("uid", ["elder", None])
def test_a_snapshot_is_read_from_its_own_indexs_folder_alone(uid: str | None) -> None:
    source = a_snapshot("docs-1", "Completed", uri=URI, indexUid=uid)
    assert trouble_of(step(BY_NAME, source)).reason is Reason.SNAPSHOT_UNREACHABLE


def test_a_folder_of_the_pods_is_no_storage_that_two_indexes_reach() -> None:
    source = a_snapshot("docs-1", "Completed", uri="file:///snapshots/team/old/1")
    spec = {"bootstrap": {"snapshot": "docs-1"}}
    assert trouble_of(step(spec, source)).reason is Reason.SNAPSHOT_UNREACHABLE


def test_an_address_that_is_none_is_told() -> None:
    spec = {"bootstrap": {"uri": "s3://bucket/x", "secret": {"name": "far"}}}
    trouble = trouble_of(step(spec))
    assert trouble.reason is Reason.SNAPSHOT_UNREACHABLE
    assert "s3://bucket/x" in trouble.message


@pytest.mark.parametrize("state", ["queued", "running"])
def test_work_that_goes_on_is_not_asked_for_again(state: str) -> None:
    planned = step(BY_NAME, SOURCE, a_job(state))
    assert (planned.is_done, planned.source, planned.trouble) == (False, None, None)
    assert planned.status == Bootstrapped(job="j-1")


@pytest.mark.parametrize("source", [SOURCE, None, a_snapshot("docs-1", "Failed")])
@pytest.mark.parametrize("status", [{}, {"bootstrap": {"snapshot": "0001"}}])
def test_work_that_is_done_is_remembered_whatever_became_of_its_source(
    source: EmbeddingIndexSnapshot | None, status: dict[str, Any]
) -> None:
    planned = step(BY_NAME, source, a_job("succeeded", snapshot="0001"), status)
    assert planned.is_done
    assert planned.status == Bootstrapped(snapshot="0001", job="j-1", done=True)


def test_work_that_goes_on_needs_its_object_no_more() -> None:
    assert step(BY_NAME, None, a_job("running")).trouble is None


def test_work_whose_process_is_gone_is_asked_for_again() -> None:
    planned = step(BY_NAME, SOURCE, LOST)
    assert (planned.source, planned.is_retry) == (ORDER, True)


def test_work_that_was_refused_is_told() -> None:
    trouble = trouble_of(step(BY_NAME, SOURCE, a_job("failed", "checksum differs")))
    assert trouble == Trouble(Reason.SNAPSHOT_LOAD_FAILED, "bootstrap: checksum differs")


@pytest.mark.parametrize("code", ["snapshot_store_unavailable", "snapshot_damaged"])
def test_a_store_that_is_away_or_damaged_is_tried_again_ever_later_and_told(code: str) -> None:
    def fail(seconds: int, attempts: int = 1) -> Job:
        job = an_outage(age=timedelta(seconds=seconds), attempts=attempts)
        return job.model_copy(update={"code": code})

    waits = step(BY_NAME, SOURCE, fail(9))
    told = "bootstrap: the store does not answer; it is tried again"
    assert trouble_of(waits) == Trouble(Reason.SNAPSHOT_LOAD_FAILED, told)
    assert step(BY_NAME, SOURCE, fail(10, attempts=2)).source is None
    again = step(BY_NAME, SOURCE, fail(10))
    assert (again.source, again.is_retry) == (ORDER, True)
    running = fold([a_job("running"), fail(0)])
    assert step(BY_NAME, SOURCE, running).trouble == again.trouble == waits.trouble


PARTS = st.from_regex(r"[a-z0-9.-]{1,10}", fullmatch=True)


@settings(deadline=None)
@given(bucket=PARTS, deep=st.lists(PARTS, max_size=2), uid=PARTS, id_=PARTS)
def test_an_address_is_read_as_it_is_told(bucket: str, deep: list[str], uid: str, id_: str) -> None:
    url = "/".join([f"s3://{bucket}", *deep])
    assert parse_uri(f"{url}/team/{uid}/{id_}") == Source(f"team/{uid}", id_, url)
    assert parse_uri(f"{url}/team/{uid}/{id_}/") == Source(f"team/{uid}", id_, url)
    assert parse_uri(f"s3://{bucket}/{uid}/{id_}") is None
