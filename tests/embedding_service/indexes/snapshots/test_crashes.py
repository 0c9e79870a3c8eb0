"""A publisher that is killed, or runs out of disk, leaves the snapshots that were there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from embedding_service.indexes.snapshots import loading, manifests, publishing
from embedding_service.indexes.snapshots.manifest import Manifest
from embedding_service.indexes.snapshots.stores import open_store
from environment import tool_environment
from snapshot_sources import CREATED, DEFINITION, LIBRARIES, CopiedIndex

UID = DEFINITION.uid
PUBLISHER = Path(__file__).parents[3] / "support" / "dying_publisher.py"
MOST_MOMENTS = 1_000
Place = tuple[str, dict[str, str]]


class Child(Protocol):
    def __call__(self, harm: str, number: int) -> str: ...


@contextmanager
def dying_publisher(place: Place, workspace: Path) -> Iterator[Child]:
    url, options = place
    command = [sys.executable, str(PUBLISHER), url, json.dumps(options), str(workspace)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=tool_environment()
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def publish(harm: str, number: int) -> str:
            stdin.write(f"{harm} {number}\n")
            stdin.flush()
            return stdout.readline().strip()

        yield publish
        stdin.close()
        assert process.wait(20) == 0


def published(place: Place, workspace: Path) -> Manifest:
    index = CopiedIndex.of(3)
    return publishing.publish(
        open_store(*place), index, workspace, created=CREATED, libraries=LIBRARIES
    )


def assert_whole(place: Place, folder: Path, before: Manifest) -> None:
    """The newest snapshot is `before`, or another one of which nothing is missing."""
    store = open_store(*place)
    listed = manifests.snapshots(store, UID)
    assert listed.unreadable == []
    assert listed.manifests[-1] == before
    newest = listed.manifests[0]
    assert newest.count in {3, 13}
    assert loading.verify(store, UID, newest) == []
    assert sum(len(part) for part in loading.documents(store, UID, newest)) == newest.count
    segments = loading.fetch_segments(store, UID, newest, folder)
    assert len(segments.items) == (newest.count == 13)


@pytest.mark.parametrize(("kind", "stride"), [("folder", 7), ("s3", 5)])
def test_a_publisher_killed_at_any_moment_leaves_the_newest_snapshot_whole(
    kind: str, stride: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place: Place = request.getfixturevalue(f"{kind}_place")
    before = published(place, tmp_path / "work")
    with dying_publisher(place, tmp_path / "work") as publish:
        for number in range(1, MOST_MOMENTS, stride):
            outcome = publish("kill", number)
            assert_whole(place, tmp_path / "cache", before)
            if outcome == "published":
                return
            assert outcome == "killed"
    pytest.fail("it was never published")


@pytest.mark.parametrize("limit", [10, 300, 1_200])
def test_a_full_disk_is_told_and_leaves_the_newest_snapshot_whole(
    limit: int, folder_place: Place, tmp_path: Path
) -> None:
    before = published(folder_place, tmp_path / "work")
    with dying_publisher(folder_place, tmp_path / "work") as publish:
        assert publish("limit", limit) == "OutOfSpace"
        assert_whole(folder_place, tmp_path / "cache", before)
        assert publish("limit", 1_000_000) == "published"
    assert not list(tmp_path.rglob("*.partial"))
    assert list((tmp_path / "work").iterdir()) == []
