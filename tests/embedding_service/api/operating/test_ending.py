"""The end of a pod and of an index."""

from functools import partial
from pathlib import Path

import pytest

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
    assert await pod.ask("POST", "/purge", body) == {"documents": 20, "snapshots": gone}
    assert await pod.ask("POST", "/purge", body) == {"documents": 0, "snapshots": 0}
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


async def test_a_purge_must_be_confirmed_by_the_uid(pod: Pod) -> None:
    for confirm in (NAME, "", "shop/12345"):
        body = {"confirm": confirm, "snapshots": True}
        assert await pod.fault("POST", "/purge", body) == (422, "not_confirmed")
    assert await pod.fault("POST", "/purge", {"confirm": UID}) == (422, "invalid_request")
    assert len(await pod.service.documents()) == 20
    assert (await pod.http.get("/readyz")).status_code == 200


async def test_an_index_named_default_does_not_come_back_by_being_used(tmp_path: Path) -> None:
    async with running_pod(tmp_path, index_name="default") as pod:
        http = pod.service.http
        assert (await http.post("/api/v1/index/add", json=["a text"])).status_code == 200
        await pod.ask("POST", "/purge", {"confirm": UID, "snapshots": True})
        assert (await http.post("/api/v1/index/add", json=["a text"])).status_code == 404
        search = {"query_text": "a text"}
        assert (await http.post("/api/v1/similarity/search", json=search)).status_code == 404
        assert (await pod.service.ask("GET", ""))["indexes"] == []


async def test_an_index_that_could_not_be_made_yet_is_not_made_any_more(tmp_path: Path) -> None:
    async with running_pod(tmp_path / "pod") as pod:
        await pod.ask("POST", "/purge", {"confirm": UID, "snapshots": True})
        retrieval = pod.application.retrieval
        assert retrieval is not None
        assert retrieval.managed is not None
        await found(partial(retrieval._create, retrieval.managed.new), NAME)
        assert await retrieval.indexes() == []
