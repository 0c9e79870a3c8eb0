"""Workers and threads are what a person says, else what is fastest here, measured once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from embedders import processes
from embedding_service.environment import child_environment
from embedding_service.inference import dividing
from embedding_service.inference.backends.base import LoadSpec
from embedding_service.inference.dividing import divide, divide_by_rule, is_to_be_measured
from embedding_service.inference.divisions import Division
from embedding_service.inference.workers.hosts import Host, Zygote
from embedding_service.settings import Settings


@pytest_asyncio.fixture
async def host() -> AsyncIterator[Host]:
    """Of a model without weights, of which nothing but the name of its backend shows here."""
    zygote = Zygote(child_environment())
    try:
        host = await zygote.start_host(LoadSpec("hashing", "8", "cpu", 1, None, False), 30)
        host.facts = replace(host.facts, backend="packed")
        yield host
        await host.end()
    finally:
        await zygote.end()


def _settings(folder: Path, **chosen: Any) -> Settings:
    return Settings(calibration_dir=folder, **chosen)


@pytest.mark.parametrize(
    ("chosen", "cores", "division"),
    [
        ({}, 2, Division(2, 1)),
        ({}, 64, Division(16, 1)),
        ({"worker_threads": 2}, 8, Division(4, 2)),
        ({"worker_threads": 4}, 2, Division(1, 4)),
        ({"workers": 3}, 8, Division(3, 1)),
        ({"workers": 1, "worker_threads": 8}, 2, Division(1, 8)),
    ],
)
def test_what_a_person_says_rules(chosen: dict[str, Any], cores: int, division: Division) -> None:
    settings = Settings(**chosen)
    assert divide_by_rule(settings, cores) == division
    assert is_to_be_measured(settings, cores) is (not chosen and cores > 2)


@pytest.mark.parametrize("workers", [1, 3])
async def test_workers_are_measured_together_and_leave_nothing(host: Host, workers: int) -> None:
    before = len(processes())
    assert await host.measure(workers, threads=1) > 0
    assert len(processes()) == before
    worker = await host.start_worker()  # the host goes on as before
    await worker.end()


async def test_the_fastest_is_measured_once(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dividing, "usable_cores", lambda: 4)
    found = await divide(host, "fingerprint", _settings(tmp_path))
    assert found.workers * found.threads <= 4
    assert len(list((tmp_path / "divisions").iterdir())) == 1
    await host.end()  # and so cannot be asked again
    assert await divide(host, "fingerprint", _settings(tmp_path)) == found


async def test_a_lost_host_leaves_it_to_the_rule(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dividing, "usable_cores", lambda: 4)
    await host.end()
    assert await divide(host, "fingerprint", _settings(tmp_path)) == Division(4, 1)
    assert not (tmp_path / "divisions").exists()


async def test_on_two_cores_nothing_is_measured(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dividing, "usable_cores", lambda: 2)
    assert await divide(host, "fingerprint", _settings(tmp_path)) == Division(2, 1)
    assert not (tmp_path / "divisions").exists()
