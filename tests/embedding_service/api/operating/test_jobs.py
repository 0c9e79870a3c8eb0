"""Orders: each is done once, and told by its key."""

from hashlib import sha256
from pathlib import Path

import pytest

from operator_port import UID, Pod, running_pod
from served_indexes import serve

FINGERPRINT = 64
SNAPSHOT = {"id", "version", "count", "size_bytes", "created", "uri", "checksum", "dimension"}


async def test_a_snapshot_tells_all_that_is_to_be_known_of_it(pod: Pod, tmp_path: Path) -> None:
    job = await pod.order("snapshot", "k1", held=[])
    assert set(job) == {
        "id", "kind", "key", "state", "progress", "phase", "error", "code", "detail",
        "instance", "created_at", "updated_at",
    }  # fmt: skip
    assert (job["kind"], job["key"], job["state"]) == ("snapshot", "k1", "succeeded")
    assert (job["progress"], job["error"], job["code"]) == (1.0, None, None)
    assert job["instance"] == (await pod.ask("GET", "/status"))["instance"]
    detail = job["detail"]
    assert set(detail) == SNAPSHOT | {"metric", "fingerprint"}
    assert (detail["version"], detail["count"], detail["dimension"]) == (20, 20, 8)
    assert (detail["metric"], len(detail["fingerprint"])) == ("cosine", FINGERPRINT)
    folder = tmp_path / "pod" / "snapshots"
    assert detail["uri"] == f"{folder.as_uri()}/{UID}"
    (manifest,) = (folder / UID / "snapshots").iterdir()
    assert detail["checksum"] == sha256(manifest.read_bytes()).hexdigest()
    (listed,) = (await pod.ask("GET", "/snapshots"))["snapshots"]
    same = {name: detail[name] for name in ("id", "version", "count", "size_bytes", "created")}
    assert listed == same | {"readable": True, "fault": None}


async def test_an_order_that_comes_again_is_the_same_job(pod: Pod) -> None:
    first = await pod.send("POST", "/jobs/snapshot", {"held": []}, "k1")
    again = await pod.send("POST", "/jobs/snapshot", {"held": ["x"]}, "k1")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    done = await pod.end_of(first.json()["id"])
    for body in ({}, {"retry": True}):  # it has not failed
        late = await pod.send("POST", "/jobs/snapshot", body, "k1")
        assert (late.status_code, late.json()) == (200, done)
    assert len((await pod.ask("GET", "/snapshots"))["snapshots"]) == 1
    assert (await pod.ask("GET", "/jobs?key=k1"))["jobs"] == [done]
    assert (await pod.ask("GET", "/jobs?key=k2"))["jobs"] == []


async def test_what_was_ordered_too_often_is_told_in_part(pod: Pod) -> None:
    failed = [await pod.order("reload", "k1", snapshot="unknown", retry=True) for _ in range(102)]
    assert failed[-1]["code"] is not None
    assert (await pod.ask("GET", "/jobs?key=k1"))["jobs"] == failed[:1:-1]


async def test_several_orders_wait_for_each_other(pod: Pod) -> None:
    sent = [await pod.send("POST", "/jobs/snapshot", {}, f"k{number}") for number in range(3)]
    for each in sent:
        assert (await pod.end_of(each.json()["id"]))["state"] == "succeeded"
    assert len((await pod.ask("GET", "/snapshots"))["snapshots"]) == 3


async def test_a_key_is_of_one_kind_of_order(pod: Pod) -> None:
    await pod.order("snapshot", "k1")
    refused = await pod.fault("POST", "/jobs/reload", {}, "k1")
    assert refused == (422, "idempotency_key_reused")


async def test_an_order_that_has_failed_is_done_again_only_when_asked(pod: Pod) -> None:
    failed = await pod.order("reload", "k1", snapshot="unknown")
    assert (failed["state"], "unknown" in failed["error"]) == ("failed", True)
    assert await pod.order("reload", "k1", snapshot="unknown") == failed
    again = await pod.order("reload", "k1", retry=True)
    assert (again["state"], again["id"] != failed["id"]) == ("succeeded", True)
    assert await pod.order("reload", "k1") == again
    jobs = (await pod.ask("GET", "/jobs?key=k1"))["jobs"]
    assert jobs == [again, failed]


@pytest.mark.parametrize("key", [None, "", "k" * 129])
async def test_an_order_needs_a_key(pod: Pod, key: str | None) -> None:
    assert await pod.fault("POST", "/jobs/reload", {}, key) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("snapshot", {"keep": -1}),
        ("snapshot", {"keep_seconds": 1e300}),
        ("snapshot", {"held": [1]}),
        ("snapshot", {"hold": []}),
        ("restore", {"from_uid": "../../etc"}),
        ("restore", {"snapshot": ""}),
        ("reload", {"snapshot": "s" * 65}),
        ("reload", []),
    ],
)
async def test_an_order_that_is_none_is_refused(pod: Pod, kind: str, body: object) -> None:
    assert (await pod.fault("POST", f"/jobs/{kind}", body, "k1"))[0] == 422


async def test_a_job_that_is_not_there_is_not_found(pod: Pod) -> None:
    assert await pod.fault("GET", "/jobs/unknown") == (404, "not_found")
    assert await pod.fault("GET", "/jobs") == (422, "invalid_request")
    assert await pod.fault("GET", "/jobs?key=a&other=b") == (422, "invalid_request")


async def test_nothing_is_ordered_of_an_index_that_is_being_loaded(pod: Pod) -> None:
    assert pod.application.retrieval is not None
    pod.application.retrieval.is_loaded = False
    assert (await pod.fault("POST", "/jobs/snapshot", {}, "k1"))[0] == 503
    assert (await pod.fault("GET", "/snapshots"))[0] == 503


async def test_an_order_is_known_after_a_restart(tmp_path: Path) -> None:
    async with running_pod(tmp_path / "pod") as pod:
        await pod.service.put(range(3))
        job = await pod.order("snapshot", "k1")
    async with running_pod(tmp_path / "pod") as pod:
        assert await pod.order("snapshot", "k1") == job


async def test_without_a_sole_index_there_are_no_orders(tmp_path: Path) -> None:
    async with serve(tmp_path) as service:
        assert service.application.jobs is not None
        assert service.application.jobs.managed is None
