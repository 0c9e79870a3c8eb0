"""The sole index is searched by what the newest settings say, whichever process starts last."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from operator_port import NAME, Pod, running_pod
from served_indexes import DIMENSION, serve

IVF = {"index_engine": "ivf", "index_ivf_nlist": 64}
HNSW = {"index_engine": "hnsw", "index_hnsw_m": 16}


async def engine_of(pod: Pod) -> tuple[str, Any]:
    index = (await pod.ask("GET", "/status"))["index"]
    return index["engine"], index["engine_parameters"]


async def start(folder: Path, **settings: Any) -> tuple[str, Any]:
    """What it is searched by, after a start with these settings."""
    async with running_pod(folder, **settings) as pod:
        return await engine_of(pod)


async def test_it_is_made_and_changed_as_the_settings_say(tmp_path: Path) -> None:
    common = {"exact_rows": 50_000, "recall": 0.98}
    assert await start(tmp_path, **IVF) == ("ivf", {**common, "nlist": 64})
    assert await start(tmp_path, **HNSW) == ("hnsw", {**common, "m": 16, "ef_construction": 128})
    assert await start(tmp_path, index_recall=0.9) == ("auto", {**common, "recall": 0.9})


async def test_settings_that_say_nothing_leave_it_as_it_is(tmp_path: Path) -> None:
    before = await start(tmp_path, **IVF)
    assert await start(tmp_path) == before


async def test_a_new_one_of_settings_that_say_nothing_is_auto(tmp_path: Path) -> None:
    assert (await start(tmp_path))[0] == "auto"


async def test_older_settings_change_nothing_and_it_is_told(tmp_path: Path) -> None:
    assert (await start(tmp_path, **IVF, index_engine_revision=1))[0] == "ivf"
    assert (await start(tmp_path, **HNSW, index_engine_revision=2))[0] == "hnsw"
    with capture_logs() as logs:
        assert (await start(tmp_path, **IVF, index_engine_revision=1))[0] == "hnsw"
    (told,) = [each for each in logs if "keeps its engine" in each["event"]]
    assert (told["log_level"], told["engine"], told["instead"]) == ("warning", "hnsw", "ivf")
    assert (await start(tmp_path, **IVF, index_engine_revision=3))[0] == "ivf"


@pytest.mark.parametrize("is_newer_first", [True, False])
async def test_a_newer_pod_and_an_older_one_agree_whichever_starts_last(
    tmp_path: Path, postgresql_url: str, is_newer_first: bool
) -> None:
    settings: list[dict[str, Any]] = [
        {**IVF, "index_engine_revision": 1},
        {**HNSW, "index_engine_revision": 2},
    ]
    first, last = reversed(settings) if is_newer_first else settings
    shared: dict[str, Any] = {
        "database_url": postgresql_url,
        "snapshot_url": (tmp_path / "store").as_uri(),
    }
    async with (
        running_pod(tmp_path / "one", **shared, **first) as one,
        running_pod(tmp_path / "other", **shared, **last) as other,
    ):
        retrieval = one.application.retrieval
        assert retrieval is not None
        retrieval._catalogue.refresh()
        assert (await engine_of(one))[0] == (await engine_of(other))[0] == "hnsw"


async def test_it_is_not_changed_by_people(tmp_path: Path) -> None:
    async with running_pod(tmp_path) as pod:
        fault = await pod.service.fault("PATCH", f"/{NAME}", {"engine": "flat"})
    assert fault == (405, "managed_elsewhere")


async def test_an_index_of_many_is_changed_by_whoever_may_make_it(tmp_path: Path) -> None:
    async with serve(tmp_path, embedding_model=f"hashing:{DIMENSION}") as service:
        await service.create(engine="ivf", engine_parameters={"nlist": 64})
        await service.put(range(20))
        wanted = {"engine": "hnsw", "engine_parameters": {"m": 16}}
        told = await service.ask("PATCH", f"/{NAME}", wanted)
        assert told == await service.ask("GET", f"/{NAME}")
        assert (told["engine"], told["engine_parameters"]["m"]) == ("hnsw", 16)
        assert told["documents"] == 20
        assert await service.fault("PATCH", "/nowhere", wanted) == (404, "not_found")
