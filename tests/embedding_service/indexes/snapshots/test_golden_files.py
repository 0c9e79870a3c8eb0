"""What earlier programs have written is read by this one, or refused by its format."""

import zipfile
from pathlib import Path

import orjson
import pytest

import golden
from embedding_service.indexes.segments import files
from embedding_service.indexes.snapshots import loading, manifests
from embedding_service.indexes.snapshots.errors import DamagedSnapshot
from embedding_service.indexes.snapshots.stores import open_store
from golden import DEFINITION

GOLDEN = sorted(golden.FOLDER.glob("*.zip"))


def test_there_is_one_of_todays_formats() -> None:
    assert golden.FOLDER / golden.name_of_today() in GOLDEN, "run tests/support/golden.py"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_snapshot_of_an_earlier_format_is_read(path: Path, tmp_path: Path) -> None:
    """Its documents always; its segments, which are derived, or they are refused in words."""
    expected = golden.unpack(path, tmp_path)
    store = open_store((tmp_path / "store").as_uri())
    newest = manifests.newest(store, DEFINITION.uid)
    assert newest is not None
    assert loading.verify(store, DEFINITION.uid, newest) == []
    assert newest.index == DEFINITION
    if formats_of_segments(path) == {files.FORMAT}:
        assert golden.describe(tmp_path, tmp_path / "cache") == expected
        return
    assert golden.describe_documents(tmp_path) == expected["documents"]
    with pytest.raises(DamagedSnapshot, match="is of format"):
        loading.fetch_segments(store, DEFINITION.uid, newest, tmp_path / "cache")


def formats_of_segments(path: Path) -> set[int]:
    with zipfile.ZipFile(path) as archive:
        blobs = [archive.read(name) for name in archive.namelist() if name.endswith(".bin")]
    described = [orjson.loads(blob) for blob in blobs if blob.startswith(b'{"format":')]
    return {each["format"] for each in described}
