"""Snapshots over the API: what was copied comes back, wherever it is put."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from served_indexes import Service, serve, vector_of

ROWS = range(300)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with serve(tmp_path / "one") as service:
        await service.create()
        await service.put(ROWS)
        await service.remove(range(3, 9))
        yield service


async def test_a_snapshot_becomes_an_index_that_answers_the_same(service: Service) -> None:
    made = await service.work("/books/snapshots")
    (listed,) = (await service.ask("GET", "/books/snapshots"))["snapshots"]
    assert (made["version"], made["count"]) == (306, 294)
    assert listed["id"] == made["snapshot"]
    assert (listed["version"], listed["count"], listed["readable"]) == (306, 294, True)
    assert listed["size_bytes"] == made["size_bytes"] > 0
    restored = await service.work("/books/restore", {"into": "copy"})
    assert (restored["index"], restored["count"], restored["removed"]) == ("copy", 294, 0)
    assert await service.documents("copy") == await service.documents()
    for wanted in ({}, {"exact": True}, {"filter": {"n": 3}}):
        assert await service.nearest("copy", **wanted) == await service.nearest(**wanted)


async def test_a_restore_in_place_writes_the_difference_while_others_search(
    service: Service,
) -> None:
    before, nearest = await service.documents(), await service.nearest()
    made = await service.work("/books/snapshots")
    await service.put(range(200, 400), turn=1)
    await service.remove(range(50, 60))
    changed = (await service.ask("GET", "/books"))["version"]
    is_done = asyncio.Event()

    async def search_on() -> list[int]:
        versions = []
        while not is_done.is_set():
            body = {"vector": vector_of(7, 7), "top_k": 20}
            versions.append((await service.ask("POST", "/books/search", body))["version"])
        return versions

    searching = asyncio.create_task(search_on())
    restored = await service.work("/books/restore", {"confirm": "books"})
    is_done.set()
    versions = await searching
    assert versions == sorted(versions)
    assert (restored["snapshot"], restored["count"]) == (made["snapshot"], 294)
    assert (restored["written"], restored["removed"]) == (110, 100)
    assert restored["version"] == changed + 210
    assert await service.documents() == before
    assert await service.nearest() == nearest
    again = await service.work("/books/restore", {"confirm": "books", "snapshot": made["snapshot"]})
    assert (again["written"], again["removed"]) == (0, 0)


async def test_a_restore_that_cannot_be_is_refused(service: Service) -> None:
    refused: list[tuple[dict[str, str], tuple[int, str]]] = [
        ({}, (422, "not_confirmed")),
        ({"confirm": "Books"}, (422, "not_confirmed")),
        ({"confirm": "alias"}, (422, "not_confirmed")),
        ({"confirm": "books", "snapshot": "unknown"}, (404, "not_found")),
        ({"into": "books"}, (409, "conflict")),
        ({"into": "alias"}, (409, "conflict")),
        ({"into": "other"}, (409, "conflict")),
        ({"into": "NO"}, (422, "invalid_request")),
        ({"into": "new", "from_uid": "../../etc"}, (422, "invalid_request")),
        ({"into": "new", "from_uid": "elsewhere"}, (404, "not_found")),
    ]
    await service.create("other")
    await service.put(range(5), "other")
    await service.work("/books/snapshots")
    await service.http.put("/api/v1/aliases/alias", json={"index": "books"})
    before = await service.documents()
    for body, told in refused:
        assert await service.fault("POST", "/alias/restore", body) == told, body
    assert await service.documents() == before


async def test_vectors_of_another_kind_are_not_put_over_an_index(service: Service) -> None:
    uid = await service.create("flats", dimension=4)
    await service.work("/flats/snapshots")
    body = {"confirm": "books", "from_uid": uid}
    assert await service.fault("POST", "/books/restore", body) == (409, "conflict")


async def test_an_index_comes_back_in_an_empty_database(tmp_path: Path) -> None:
    store = (tmp_path / "store").as_uri()
    async with serve(tmp_path / "one", snapshot_url=store) as service:
        uid = await service.create()
        await service.put(ROWS)
        await service.work("/books/snapshots")
        documents, nearest = await service.documents(), await service.nearest()
    async with serve(tmp_path / "two", snapshot_url=store) as service:
        assert await service.fault("POST", "/books/restore", {}) == (404, "not_found")
        await service.work("/books/restore", {"from_uid": uid})
        facts = await service.ask("GET", "/books")
        assert facts["uid"] != uid
        assert facts["fields"] == {"n": "int"}
        assert await service.documents() == documents
        assert await service.nearest() == nearest
        assert (await service.ask("GET", "/books/snapshots"))["snapshots"] == []


async def test_snapshots_are_listed_verified_and_removed(service: Service, tmp_path: Path) -> None:
    first = (await service.work("/books/snapshots"))["snapshot"]
    await service.put(range(3))
    second = (await service.work("/books/snapshots"))["snapshot"]
    listed = (await service.ask("GET", "/books/snapshots"))["snapshots"]
    assert [each["id"] for each in listed] == [second, first]
    newest = await service.ask("GET", "/books/snapshots/newest", verify="true")
    assert newest == listed[0] | {"problems": []}
    (folder,) = (tmp_path / "one" / "snapshots").iterdir()
    for blob in (folder / "blobs").glob("*.parquet"):
        blob.write_bytes(blob.read_bytes()[:-1])
    found = await service.ask("GET", f"/books/snapshots/{second}", verify="true")
    assert len(found["problems"]) == 1
    job = await service.end("/books/restore", {"confirm": "books"})
    assert job["state"] == "failed"
    assert "blobs/" in job["error"]
    await service.ask("DELETE", f"/books/snapshots/{second}")
    assert await service.fault("GET", f"/books/snapshots/{second}") == (404, "not_found")
    assert await service.fault("DELETE", f"/books/snapshots/{second}") == (404, "not_found")
    (manifest,) = (folder / "snapshots").iterdir()
    manifest.write_bytes(manifest.read_bytes().replace(b'"count": 294', b'"count": 293'))
    (unreadable,) = (await service.ask("GET", "/books/snapshots"))["snapshots"]
    assert (unreadable["id"], unreadable["readable"]) == (None, False)
    assert manifest.name in unreadable["fault"]
    assert await service.fault("GET", "/books/snapshots/newest") == (503, "snapshot_damaged")


async def test_old_snapshots_go_when_a_new_one_is_made(tmp_path: Path) -> None:
    async with serve(tmp_path, snapshots_kept=2, snapshots_kept_for=0) as service:
        await service.create()
        made = []
        for row in range(4):
            await service.put([row])
            made.append((await service.work("/books/snapshots"))["snapshot"])
        listed = (await service.ask("GET", "/books/snapshots"))["snapshots"]
        assert [each["id"] for each in listed] == made[:1:-1]


async def test_a_store_that_is_away_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = (tmp_path / "file" / "store").as_uri()
    async with serve(tmp_path / "one", snapshot_url=store) as service:
        await service.create()
        await service.put(range(5))
        job = await service.end("/books/snapshots")
        assert (job["state"], "snapshot store" in job["error"]) == ("failed", True)
        refused = await service.fault("GET", "/books/snapshots")
        assert refused == (503, "snapshot_store_unavailable")
    async with serve(tmp_path / "one", snapshot_url=store) as service:
        assert len(await service.documents()) == 5


async def test_a_start_goes_on_from_the_newest_snapshot(tmp_path: Path) -> None:
    async with serve(tmp_path) as service:
        await service.create()
        await service.put(ROWS)
        await service.work("/books/snapshots")
        await service.put(range(290, 320), turn=1)
        await service.remove(range(10))
        documents, nearest = await service.documents(), await service.nearest()
    async with serve(tmp_path) as service:
        assert await segments(service) == [(300, 280), (30, 30)]
        assert await service.documents() == documents
        assert await service.nearest() == nearest
        assert (await service.work("/books/check"))["problems"] == []


async def test_a_start_passes_over_damaged_files(tmp_path: Path) -> None:
    async with serve(tmp_path) as service:
        uid = await service.create()
        await service.put(ROWS)
        await service.work("/books/snapshots")
        await service.put(range(300, 310))
        nearest = await service.nearest()
    for blob in (tmp_path / "snapshots" / uid / "blobs").glob("*.bin"):
        content = bytearray(blob.read_bytes())
        content[len(content) // 2] ^= 1
        blob.write_bytes(content)
    async with serve(tmp_path) as service:
        assert await segments(service) == [(310, 310)]
        assert await service.nearest() == nearest


async def test_a_damaged_copy_on_disk_here_is_fetched_again(tmp_path: Path) -> None:
    async with serve(tmp_path) as service:
        uid = await service.create()
        await service.put(ROWS)
        await service.work("/books/snapshots")
        await service.put(range(300, 310))
        nearest = await service.nearest()
    async with serve(tmp_path) as service:
        assert await segments(service) == [(300, 300), (10, 10)]
    for copied in (tmp_path / "segments" / uid).glob("*/vectors.f32"):
        copied.write_bytes(bytes(copied.stat().st_size))
    async with serve(tmp_path) as service:
        assert await segments(service) == [(300, 300), (10, 10)]
        assert await service.nearest() == nearest


async def test_a_reload_fails_no_search_and_changes_no_answer(service: Service) -> None:
    await service.work("/books/snapshots")
    await service.put(range(300, 330))
    nearest, documents = await service.nearest(), await service.documents()
    is_done = asyncio.Event()

    async def search_on() -> int:
        count = 0
        while not is_done.is_set():
            assert await service.nearest() == nearest
            count += 1
        return count

    searching = [asyncio.create_task(search_on()) for _ in range(3)]
    for _ in range(3):
        told = await service.work("/books/reload")
        assert told == {"version": 336, "segments": 2}
    is_done.set()
    assert min(await asyncio.gather(*searching)) > 0
    assert await service.documents() == documents
    assert (await service.work("/books/check"))["problems"] == []


async def segments(service: Service) -> list[tuple[int, int]]:
    """Rows of each segment, and how many of them are live."""
    facts = await service.ask("GET", "/books")
    return [(each["rows"], each["live"]) for each in facts["segments"]]
