"""Orders where several processes could do them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embedding_service.indexes.records.standing import JobState
from operator_port import Pod, Signer, running_pod


@pytest.fixture
async def pods(tmp_path: Path, postgresql_url: str) -> AsyncIterator[list[Pod]]:
    """Two replicas on one database and one store, as two processes are."""
    store, signer = (tmp_path / "store").as_uri(), Signer()
    shared: dict[str, Any] = {
        "database_url": postgresql_url,
        "snapshot_url": store,
        "signer": signer,
    }
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running_pod(tmp_path / "one", **shared))
        await first.service.put(range(20))
        second = await stack.enter_async_context(running_pod(tmp_path / "two", **shared))
        yield [first, second]


async def test_an_order_to_all_replicas_at_once_is_done_once(pods: list[Pod]) -> None:
    for key in ("k1", "k2", "k3"):
        sent = await asyncio.gather(
            *(pod.send("POST", "/jobs/snapshot", {}, key) for pod in pods * 4)
        )
        assert sorted(answer.status_code for answer in sent) == [200] * 7 + [202]
        (id_,) = {answer.json()["id"] for answer in sent}
        told = [await pod.end_of(id_) for pod in pods]
        assert told[0] == told[1]
        assert told[0]["state"] == "succeeded"
    assert len((await pods[1].ask("GET", "/snapshots"))["snapshots"]) == 3


async def test_an_order_whose_process_is_gone_is_told_as_failed_and_done_elsewhere(
    pods: list[Pod],
) -> None:
    one, two = pods
    job = await one.order("snapshot", "k1")
    record = two.application.jobs._record  # type: ignore[union-attr]
    lost = replace(record.job(job["id"]), state=JobState.RUNNING, updated_at=0.0)
    record.update_job(lost)
    with record._database.writing() as connection:
        connection.exec_driver_sql("UPDATE jobs SET updated_at = 0")
    again = await two.order("snapshot", "k1", retry=True)
    assert (again["state"], again["id"] != job["id"]) == ("succeeded", True)
    assert again["instance"] != job["instance"]
    newest, oldest = (await one.ask("GET", "/jobs?key=k1"))["jobs"]
    assert (newest["id"], oldest["state"]) == (again["id"], "failed")
    assert "the process that ran it ended" in oldest["error"]
    assert oldest["code"] == "process_ended"
