"""Restores that are killed, of damaged rows, and beside other writers."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dying_restorer import BATCH
from embedding_service.indexes import restoration
from object_stores import ObjectStore
from served_indexes import Service, serve

_CHILD = Path(__file__).parents[2] / "support" / "dying_restorer.py"
_SECONDS = 60


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the process that dies."""
    monkeypatch.setattr(restoration, "_BATCH", BATCH)


def restore_and_die(folder: Path, body: dict[str, str], writes: int) -> None:
    command = [sys.executable, str(_CHILD), str(folder), json.dumps(body), str(writes)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(command, env=environment, timeout=_SECONDS, check=False)
    assert ended.returncode == -signal.SIGKILL


async def is_sound(service: Service, name: str) -> bool:
    problems: list[str] = (await service.work(f"/{name}/check"))["problems"]
    return problems == []


async def test_a_restore_into_a_new_index_that_was_killed_is_finished(tmp_path: Path) -> None:
    async with serve(tmp_path) as service:
        await service.create()
        await service.put(range(220))
        await service.work("/books/snapshots")
    restore_and_die(tmp_path, {"into": "copy"}, writes=2)
    async with serve(tmp_path) as service:
        assert await is_sound(service, "copy")
        assert len(await service.documents("copy")) == 2 * BATCH
        for name in ("copy", "books"):  # what others write into half an index stays
            await service.put([7, 1_000], name, turn=1)
        await service.work("/books/restore", {"into": "copy"})
        assert await is_sound(service, "copy")
        assert await service.documents("copy") == await service.documents()
        assert (await service.ask("GET", "/copy"))["version"] == 222
        assert await service.fault("POST", "/books/restore", {"into": "copy"}) == (409, "conflict")


async def test_a_restore_in_place_that_was_killed_is_finished(tmp_path: Path) -> None:
    async with serve(tmp_path) as service:
        await service.create()
        await service.put(range(200))
        await service.work("/books/snapshots")
        documents, nearest = await service.documents(), await service.nearest()
        await service.put(range(100, 300), turn=1)
    restore_and_die(tmp_path, {"confirm": "books"}, writes=3)  # two of them removals
    async with serve(tmp_path) as service:
        assert await is_sound(service, "books")
        half = await service.documents()
        assert half.keys() == documents.keys()
        assert sum(half[id_] != documents[id_] for id_ in half) == BATCH
        await service.work("/books/restore", {"confirm": "books"})
        assert await service.documents() == documents
        assert await service.nearest() == nearest
        assert await is_sound(service, "books")


async def test_a_restore_in_place_mends_a_damaged_row(tmp_path: Path) -> None:
    async with serve(tmp_path) as service:
        await service.create()
        await service.put(range(60))
        await service.work("/books/snapshots")
        await service.put(range(60, 70))
        documents = await service.documents()
        damage(service, "id 7")
        (told,) = (await service.work("/books/check", {"repair": True}))["problems"]
        assert "'id 7'" in told
        job = await service.end("/books/snapshots")
        assert (job["state"], "'id 7'" in job["error"]) == ("failed", True)
    async with serve(tmp_path, snapshot_url=(tmp_path / "none").as_uri()) as service:
        assert await service.fault("POST", "/books/search", {"query_text": "a"}) == (
            503,
            "index_damaged",
        )
    async with serve(tmp_path) as service:
        restored = await service.work("/books/restore", {"confirm": "books"})
        assert (restored["written"], restored["removed"]) == (1, 10)
        assert await service.documents() == {
            id_: each for id_, each in documents.items() if int(id_.split()[1]) < 60
        }
        assert await is_sound(service, "books")


async def test_the_whole_way_on_postgresql_and_s3(
    postgresql_url: str,
    object_store: ObjectStore,
    s3_place: tuple[str, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in object_store.options.items():
        monkeypatch.setenv(f"AWS_{name.upper()}", value)
    settings: dict[str, Any] = {"database_url": postgresql_url, "snapshot_url": s3_place[0]}
    async with serve(tmp_path / "one", **settings) as service:
        await service.create()
        await service.put(range(200))
        made = await service.work("/books/snapshots")
        documents, nearest = await service.documents(), await service.nearest()
        await service.work("/books/restore", {"into": "copy"})
        assert await service.documents("copy") == documents
        await service.put(range(150, 250), turn=1)
        async with serve(tmp_path / "two", **settings) as other:
            await service.work("/books/restore", {"confirm": "books"})
            version = (await service.ask("GET", "/books"))["version"]
            assert await other.nearest(min_version=version) == nearest
            assert await service.documents() == await other.documents() == documents
            assert await is_sound(other, "books")
        found = await service.ask("GET", f"/books/snapshots/{made['snapshot']}", verify="true")
        assert found["problems"] == []
    async with serve(tmp_path / "three", **settings) as service:
        segments = (await service.ask("GET", "/books"))["segments"]
        assert [each["live"] for each in segments] == [150, 50]  # as the snapshot left them
        assert await service.nearest() == nearest
        assert await is_sound(service, "books")


def damage(service: Service, id_: str) -> None:
    retrieval = service.application.retrieval
    assert retrieval is not None
    with retrieval._catalogue._record._database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE documents SET text = 'x' WHERE id = '{id_}'")  # noqa: S608
