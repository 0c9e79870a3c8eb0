"""The end of a pod and of an index."""

import asyncio
import threading
from functools import partial
from pathlib import Path

import pytest

from embedding_service.indexes.archive import Archive
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.snapshots.errors import SnapshotStoreUnavailable
from embedding_service.jobs.runner import ENDED
from embedding_service.retrieval.founding import found
from operator_port import NAME, UID, Pod, running_pod

INDEX = f"/{NAME}"


async def test_a_pod_that_drains_is_not_ready_and_still_serves(pod: Pod) -> None:
    for _ in range(2):
        assert (await pod.send("POST", "/drain")).status_code == 204
    assert (await pod.http.get("/readyz")).status_code == 503
    told = await pod.ask("GET", "/status")
    assert (told["ready"], told["leaving"]) == (False, True)
    await pod.service.put(range(20, 25))
    assert len(await pod.service.documents()) == 25


@pytest.mark.parametrize(("snapshots", "gone"), [(True, 2), (False, 0)])
async def test_a_purge_removes_an_index_for_good(
    pod: Pod, tmp_path: Path, snapshots: bool, gone: int
) -> None:
    for _ in range(2):
        await pod.work("snapshot")
    body = {"confirm": UID, "snapshots": snapshots}
    assert await pod.work("purge", **body) == {"documents": 20, "snapshots": gone}
    assert await pod.work("purge", **body) == {"documents": 0, "snapshots": 0}
    files = [each for each in (tmp_path / "pod" / "snapshots" / UID).rglob("*") if each.is_file()]
    assert (files == []) is snapshots
    assert await pod.service.fault("GET", INDEX) == (404, "not_found")
    assert await pod.service.fault("GET", f"{INDEX}/documents") == (404, "not_found")
    documents = {"documents": [{"id": "a", "vector": [1.0] * 8}]}
    assert await pod.service.fault("POST", f"{INDEX}/documents", documents) == (404, "not_found")
    assert await pod.service.fault("POST", "", {"name": NAME}) == (404, "not_found")
    assert (await pod.service.ask("GET", ""))["indexes"] == []
    assert await pod.fault("POST", "/jobs/snapshot", {}, "k1") == (404, "not_found")
    told = await pod.ask("GET", "/status")
    assert (told["index"], told["ready"], told["leaving"]) == (None, False, True)


async def test_a_purge_is_told_under_its_key_when_the_index_is_gone(pod: Pod) -> None:
    body = {"confirm": UID, "snapshots": True}
    done = await pod.order("purge", "k1", **body)
    assert (done["kind"], done["state"], done["key"]) == ("purge", "succeeded", "k1")
    assert (await pod.ask("GET", "/jobs?key=k1"))["jobs"] == [done]
    again = await pod.send("POST", "/jobs/purge", {**body, "retry": True}, "k1")
    assert (again.status_code, again.json()) == (200, done)
    assert (await pod.ask("GET", "/jobs?key=k2"))["jobs"] == []


async def test_a_purge_that_fails_says_why_and_is_done_again_where_that_is_asked(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    def purge(_: Archive, uid: str) -> int:
        raise SnapshotStoreUnavailable("s3://b", f"403 for {uid}")

    body = {"confirm": UID, "snapshots": True}
    with monkeypatch.context() as patch:
        patch.setattr(Archive, "purge", purge)
        failed = await pod.order("purge", "k1", **body)
    assert failed["state"] == "failed"
    assert f"403 for {UID}" in failed["error"]
    assert await pod.order("purge", "k1", **body) == failed
    done = await pod.order("purge", "k1", **body, retry=True)
    assert (done["state"], done["detail"]) == ("succeeded", {"documents": 0, "snapshots": 0})


async def test_a_purge_that_a_process_does_not_end_has_failed(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, end = threading.Event(), threading.Event()

    def erase(_: Catalogue, uid: str) -> int:
        begun.set()
        end.wait()
        return 0

    monkeypatch.setattr(Catalogue, "erase", erase)
    order = {"confirm": UID, "snapshots": True}
    assert (await pod.send("POST", "/jobs/purge", order, "k1")).status_code == 202
    await asyncio.to_thread(begun.wait)
    jobs = pod.application.jobs
    assert jobs is not None
    assert jobs.managed is not None
    closing = asyncio.create_task(jobs.managed.close())
    assert (await pod.http.get("/livez")).status_code == 200  # by then it has been told to end
    end.set()
    await closing
    ((job,),) = (await pod.ask("GET", "/jobs?key=k1")).values()
    assert (job["state"], job["error"]) == ("failed", ENDED)


async def test_a_purge_must_be_confirmed_by_the_uid(pod: Pod) -> None:
    for confirm in (NAME, "", "shop/12345"):
        body = {"confirm": confirm, "snapshots": True}
        assert await pod.fault("POST", "/jobs/purge", body, "k1") == (422, "not_confirmed")
    whole = {"confirm": UID, "snapshots": True}
    assert await pod.fault("POST", "/jobs/purge", whole) == (422, "invalid_request")
    assert await pod.fault("POST", "/jobs/purge", {"confirm": UID}, "k1") == (
        422,
        "invalid_request",
    )
    assert len(await pod.service.documents()) == 20
    assert (await pod.http.get("/readyz")).status_code == 200


async def test_an_index_named_default_does_not_come_back_by_being_used(tmp_path: Path) -> None:
    async with running_pod(tmp_path, index_name="default") as pod:
        http = pod.service.http
        assert (await http.post("/api/v1/index/add", json=["a text"])).status_code == 200
        await pod.work("purge", confirm=UID, snapshots=True)
        assert (await http.post("/api/v1/index/add", json=["a text"])).status_code == 404
        search = {"query_text": "a text"}
        assert (await http.post("/api/v1/similarity/search", json=search)).status_code == 404
        assert (await pod.service.ask("GET", ""))["indexes"] == []


async def test_an_index_that_could_not_be_made_yet_is_not_made_any_more(tmp_path: Path) -> None:
    async with running_pod(tmp_path / "pod") as pod:
        await pod.work("purge", confirm=UID, snapshots=True)
        retrieval = pod.application.retrieval
        assert retrieval is not None
        assert retrieval.managed is not None
        await found(partial(retrieval._create, retrieval.managed.new), NAME)
        assert await retrieval.indexes() == []
