"""A store that answers badly: what was published is there once and whole, and nothing is lost."""

from pathlib import Path

import pytest

from embedding_service.indexes.snapshots import layout, loading, manifests, publishing, retention
from embedding_service.indexes.snapshots.stores import open_store
from snapshot_sources import CREATED, DEFINITION, LIBRARIES, CopiedIndex
from toxic_s3 import Fault, toxic_s3

UID = DEFINITION.uid
ONCE = [
    ("PUT", ".bin"),  # later ones are there already
    ("PUT", ".json"),
    ("PUT", ".parquet"),
    ("HEAD", ""),
    ("GET", ""),
    ("DELETE", ""),
]


@pytest.mark.parametrize("fault", [each for each in Fault if each is not Fault.CONFLICT])
def test_an_answer_that_is_lost_or_bad_costs_nothing(fault: Fault, tmp_path: Path) -> None:
    index = CopiedIndex.of()
    index.seal()
    with toxic_s3() as toxic:
        store = open_store(*toxic.place)
        for number, (method, end) in enumerate(ONCE, start=1):
            index.put(number)
            toxic.faults.append((method, end, fault))
            manifest = publishing.publish(
                store, index, tmp_path, created=CREATED, libraries=LIBRARIES
            )
            assert not toxic.faults
            listed = manifests.snapshots(store, UID)
            assert (listed.manifests[0], listed.unreadable) == (manifest, [])
            assert [each.number for each in listed.manifests] == list(range(number, 0, -1))
            assert loading.verify(store, UID, manifest) == []
        toxic.faults.append(("DELETE", ".json", fault))
        retention.drop(store, UID, 1)
        assert manifests.numbers(store, layout.snapshots(UID)) == list(range(2, len(ONCE) + 1))


def test_two_conditional_writes_that_meet_make_one_manifest(tmp_path: Path) -> None:
    """S3 tells one of them 409, which is to be tried again, and 412 when there is one already."""
    index = CopiedIndex.of()
    with toxic_s3() as toxic:
        store = open_store(*toxic.place)
        for number in (1, 2):
            toxic.faults.append(("PUT", ".json", Fault.CONFLICT))
            manifest = publishing.publish(
                store, index, tmp_path, created=CREATED, libraries=LIBRARIES
            )
            assert manifest.number == number
            assert manifests.newest(store, UID) == manifest
        assert not toxic.faults
