"""GET /status: what it says, and that it says it whatever is away."""

import asyncio
import time
from pathlib import Path

from structlog.testing import capture_logs

from databases import PostgreSQL
from embedding_service.errors import ModelNotServed
from embedding_service.indexes.errors import Damage
from operator_port import NAME, UID, Pod, running_pod
from waiting import until

SECONDS = 60.0


async def test_a_pod_that_is_well_says_so(pod: Pod) -> None:
    told = await pod.ask("GET", "/status")
    assert set(told) == {
        "instance", "version", "ready", "leaving", "index", "snapshot", "database", "encoder",
        "load", "shortage",
    }  # fmt: skip
    assert told["shortage"] is None
    assert (told["ready"], told["leaving"], len(told["instance"])) == (True, False, 32)
    index = told["index"]
    assert index.pop("memory_bytes") > 0
    assert index.pop("size_bytes") > 0
    assert len(index.pop("fingerprint")) == 64
    assert index == {
        "name": NAME, "uid": UID, "model": "hashing:8", "dimension": 8, "metric": "cosine",
        "engine": "auto", "engine_parameters": {"exact_rows": 50_000, "recall": 0.98},
        "documents": 20, "version": 20, "applied": 20, "unbuilt": 0,
        "damage": None,
    }  # fmt: skip
    assert told["snapshot"] == {"begun_from": None, "fault": None}
    assert told["database"] == {"reachable": True, "fault": None, "silent_seconds": None}
    assert told["encoder"] == {
        "serving": True, "device": "cpu", "is_fallback": False, "fault": None,
        "code": None,
    }  # fmt: skip
    load = told["load"]
    assert (load["in_flight"], load["queue_wait_seconds"] >= 0) == (0, True)
    assert load["cpu_seconds"] > 0
    assert (await pod.ask("GET", "/status"))["load"]["cpu_seconds"] >= load["cpu_seconds"]


async def test_polls_are_told_to_those_who_debug_and_all_else_to_everybody(pod: Pod) -> None:
    with capture_logs() as logs:
        await pod.ask("GET", "/status")
        await pod.ask("GET", "/jobs?key=k")
        await pod.ask("GET", "/snapshots")
        await pod.http.get("/status")
        await pod.fault("POST", "/jobs")
    told = [(each["log_level"], each["status"]) for each in logs if each["event"] == "request"]
    assert told == [("debug", 200), ("debug", 200), ("info", 200), ("info", 401), ("info", 405)]


async def test_what_a_view_was_begun_from_is_told(tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    async with running_pod(tmp_path / "pod") as pod:
        await pod.service.put(range(20))
        first = (await pod.work("snapshot"))["id"]
        await pod.service.put(range(20, 30))
        second = (await pod.work("snapshot"))["id"]
    for chosen, begun_from in ((first, first), ("", second), ("unknown", None)):
        pin.write_text(chosen)
        async with running_pod(tmp_path / "pod", index_snapshot_file=pin) as pod:
            told = await pod.ask("GET", "/status")
            assert told["snapshot"]["begun_from"] == begun_from
            assert ("unknown" in str(told["snapshot"]["fault"])) is (chosen == "unknown")
            assert told["index"]["documents"] == 30


async def test_an_index_that_is_being_loaded_is_not_told(pod: Pod) -> None:
    (index,) = pod.application.retrieval.managed._catalogue.opened()  # type: ignore[union-attr]
    index._current.is_loaded = False
    told = await pod.ask("GET", "/status")
    assert (told["index"], told["snapshot"]["begun_from"]) == (None, None)


async def test_a_database_that_is_away_holds_nobody_up(
    tmp_path: Path, postgresql: PostgreSQL, postgresql_url: str
) -> None:
    async with running_pod(tmp_path / "pod", database_url=postgresql_url) as pod:
        await pod.service.put(range(20))
        assert (await pod.ask("GET", "/status"))["database"]["reachable"] is True
        postgresql.pause()
        try:
            began = time.monotonic()
            told = await pod.ask("GET", "/status")
            assert time.monotonic() - began < 5
            assert (told["index"]["documents"], told["index"]["version"]) == (20, 20)

            async def is_away() -> bool:
                database = (await pod.ask("GET", "/status"))["database"]
                return not database["reachable"] and database["silent_seconds"] > 5

            while not await is_away():
                assert time.monotonic() - began < SECONDS
                await asyncio.sleep(0.1)
            database = (await pod.ask("GET", "/status"))["database"]
            assert "not answer" in database["fault"]
        finally:
            postgresql.resume()

        began = time.monotonic()
        while not (await pod.ask("GET", "/status"))["database"]["reachable"]:
            assert time.monotonic() - began < SECONDS
            await asyncio.sleep(0.1)


async def test_an_encoder_on_another_server_is_told_by_its_last_answer(tmp_path: Path) -> None:
    async with running_pod(tmp_path / "pod") as pod:
        await pod.service.put(range(20))
    async with running_pod(tmp_path / "pod", encoder_url="http://127.0.0.1:9") as pod:
        await pod.ask("GET", "/status")
        pulse = pod.application.admin.state.pulse  # type: ignore[attr-defined]
        await until(lambda: pulse.fault is not None, SECONDS, "it does not answer")
        encoder = (await pod.ask("GET", "/status"))["encoder"]
        assert (encoder["serving"], encoder["device"], encoder["is_fallback"]) == (
            False, None, False,
        )  # fmt: skip
        assert ("no answer" in encoder["fault"], encoder["code"]) == (True, "unavailable")
        await asyncio.wait({pulse._asking})  # the second question
        pulse.fault, pulse.fingerprint = None, "f" * 64
        pod.application.embedder._failure = None  # type: ignore[attr-defined]
        pulse._asking = asyncio.create_task(asyncio.Event().wait())
        encoder = (await pod.ask("GET", "/status"))["encoder"]
        assert (encoder["serving"], "f" * 64 in encoder["fault"]) == (False, True)
        assert encoder["code"] == "model_mismatch"
        pulse.fault = ModelNotServed("mini", ["other"])
        encoder = (await pod.ask("GET", "/status"))["encoder"]
        pulse._asking.cancel()
        assert (encoder["serving"], encoder["code"]) == (False, "model_not_found")
        assert "'mini' is not served" in encoder["fault"]


async def test_damage_is_told(pod: Pod) -> None:
    damage = "a row is not what was written"
    (index,) = pod.application.retrieval.managed._catalogue.opened()  # type: ignore[union-attr]
    index.damage = Damage(damage, 20)
    assert (await pod.ask("GET", "/status"))["index"]["damage"] == damage
