"""What people can still do at their port of an index that an operator looks after."""

from pathlib import Path

import pytest

from operator_port import NAME, Pod, running_pod
from served_indexes import INDEXES
from waiting import until

SECONDS = 60.0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/snapshots", None),
        ("DELETE", "/snapshots/newest", None),
        ("POST", "/restore", {"confirm": NAME}),
        ("POST", "/reload", None),
    ],
)
async def test_snapshots_are_made_and_used_with_kubectl(
    pod: Pod, method: str, path: str, body: object
) -> None:
    await pod.work("snapshot")
    refused = await pod.service.http.request(method, f"{INDEXES}/{NAME}{path}", json=body)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert refused.json()["code"] == "managed_elsewhere"
    assert "snapshots are made and used with kubectl" in refused.json()["detail"]
    assert len((await pod.ask("GET", "/snapshots"))["snapshots"]) == 1


async def test_they_are_still_told_of(pod: Pod) -> None:
    made = await pod.work("snapshot")
    (listed,) = (await pod.service.ask("GET", f"/{NAME}/snapshots"))["snapshots"]
    assert await pod.service.ask("GET", f"/{NAME}/snapshots/{made['id']}") == listed
    assert (await pod.service.ask("GET", f"/{NAME}/jobs"))["jobs"][0]["kind"] == "snapshot"
    assert (await pod.service.work(f"/{NAME}/check"))["problems"] == []


async def test_an_index_answers_under_the_names_of_a_file_as_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "aliases"
    file.write_text(f"news\n{NAME}\nNo Name\n")
    async with running_pod(tmp_path / "pod", index_aliases_file=file) as pod:
        service = pod.service
        await service.put(range(3))
        assert (await service.ask("GET", "/news"))["name"] == NAME
        assert await service.documents("news") == await service.documents()
        assert (await service.ask("GET", f"/{NAME}"))["aliases"] == ["news"]
        assert (await service.http.get("/api/v1/aliases")).json()["aliases"] == {"news": NAME}
        assert await service.fault("GET", "/faq") == (404, "not_found")
        retrieval = pod.application.retrieval
        assert retrieval is not None
        catalogue = retrieval._catalogue

        async def name(*names: str) -> None:
            file.write_text("".join(f"{each}\n" for each in names))
            await until(lambda: list(catalogue.aliases()) == sorted(names), SECONDS, "the names")

        await name("faq", "questions")
        assert await service.documents("faq") == await service.documents("questions")
        assert await service.fault("GET", "/news/documents") == (404, "not_found")
        file.unlink()
        assert await service.documents("faq") == await service.documents()
        await name()
        assert await service.fault("GET", "/faq/documents") == (404, "not_found")
        assert len(await service.documents()) == 3


async def test_an_index_may_also_be_the_default_one(tmp_path: Path) -> None:
    file = tmp_path / "aliases"
    file.write_text("default\n")
    async with running_pod(tmp_path / "pod", index_aliases_file=file) as pod:
        http = pod.service.http
        assert (await http.post("/api/v1/index/add", json=["a text"])).status_code == 200
        found = (await http.post("/api/v1/similarity/search", json={"query_text": "a text"})).json()
        assert len(found["results"]) == 1
        assert len(await pod.service.documents()) == 1
