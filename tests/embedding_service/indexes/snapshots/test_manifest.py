"""Manifests: what was written is read, and nothing else is."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.snapshots.errors import DamagedSnapshot, SnapshotTooNew
from embedding_service.indexes.snapshots.manifest import (
    Blob,
    Manifest,
    Part,
    SegmentFiles,
    SegmentSet,
    decode,
    encode,
)
from snapshot_sources import CREATED, DEFINITION, LIBRARIES

GOLDEN = [
    Path(__file__).with_name(f"manifest_of_format_1{added}.json") for added in ("", "_and_tuning")
]
"""Of one index; members that later programs write, and earlier ones pass over."""


def blob_of(content: bytes, suffix: str = "bin") -> Blob:
    return Blob.of(sha256(content).hexdigest(), len(content), suffix)


MANIFEST = Manifest(
    id="0123456789abcdef0123456789abcdef",
    number=42,
    created=CREATED,
    index=DEFINITION,
    version=917,
    count=5,
    libraries=LIBRARIES,
    documents=(
        Part(blob_of(b"one", "parquet"), 2, 1, 7),
        Part(blob_of(b"two", "parquet"), 3, 65_537, 70_000),
    ),
    segments=SegmentSet(
        900,
        (SegmentFiles(9, 4, Engine.HNSW, {"index.faiss": blob_of(b"graph")}, blob_of(b"bits")),),
    ),
)


def rewritten(**members: Any) -> bytes:
    """The manifest with other members, and a checksum that fits."""
    body = json.loads(encode(MANIFEST)) | members
    del body["sha256"]
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    body["sha256"] = sha256(text.encode()).hexdigest()
    return (json.dumps(body, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


def test_a_manifest_comes_back_as_it_was() -> None:
    assert decode(encode(MANIFEST), "file") == MANIFEST


def test_the_manifest_of_an_index_without_documents_comes_back() -> None:
    empty = replace(MANIFEST, count=0, documents=(), segments=None)
    assert decode(encode(empty), "file") == empty
    assert empty.size == 0


def test_the_format_has_not_changed() -> None:
    """Files of earlier releases stay readable: never write these anew, add one beside them."""
    assert [decode(each.read_bytes(), "file") for each in GOLDEN] == [MANIFEST] * len(GOLDEN)
    assert encode(MANIFEST) == GOLDEN[-1].read_bytes()


def test_a_manifest_names_all_its_blobs() -> None:
    sizes = [blob.size for blob in MANIFEST.blobs.values()]
    assert sorted(sizes) == [3, 3, 4, 5]
    assert MANIFEST.size == 15


def test_any_flipped_bit_is_found() -> None:
    whole = encode(MANIFEST)
    for place in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            with pytest.raises(DamagedSnapshot, match=r"^here\.json: "):
                decode(bytes(damaged), "here.json")


@settings(deadline=None, max_examples=100)
@given(length=st.integers(0, len(encode(MANIFEST)) - 1))
def test_a_truncated_manifest_is_found(length: int) -> None:
    with pytest.raises(DamagedSnapshot):
        decode(encode(MANIFEST)[:length], "file")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"sha256": 1}',
        b"[" * 100_000,
        b'"\xff"',
        b'{"sha256": "\\ud800", "min_reader": "\\ud800"}',
    ],
)
def test_what_is_no_manifest_is_found(content: bytes) -> None:
    with pytest.raises(DamagedSnapshot):
        decode(content, "file")


def test_a_newer_format_is_refused_in_words() -> None:
    with pytest.raises(SnapshotTooNew, match=r"here.json needs a reader of format 2.* up to 1"):
        decode(rewritten(format=2, min_reader=2, documents="elsewhere"), "here.json")


def test_a_later_format_that_this_reader_understands_is_read() -> None:
    index = json.loads(encode(MANIFEST))["index"]
    added = {"index": index | {"added": 2}, "added": {"x": 1}}
    later = decode(rewritten(format=2, **added), "file")
    assert replace(later, format=1) == MANIFEST


@pytest.mark.parametrize(
    "members",
    [
        {"count": 6},
        {"count": "5"},
        {"number": 0},
        {"created": "2026-05-04T03:02:01"},
        {"version": 899},
        {"documents": [{"blob": None, "rows": 5, "first_key": 1, "last_key": 2}]},
        {"documents": json.loads(encode(MANIFEST))["documents"][::-1]},
        {"index": {}},
        {"min_reader": "1"},
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(DamagedSnapshot):
        decode(rewritten(**members), "file")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", ".hidden", "a\n"])
def test_a_segments_file_stays_in_its_folder(name: str) -> None:
    body = json.loads(encode(MANIFEST))
    files = body["segments"]["items"][0]["files"]
    files[name] = files.pop("index.faiss")
    with pytest.raises(DamagedSnapshot):
        decode(rewritten(segments=body["segments"]), "file")


@pytest.mark.parametrize("name", ["blobs/../x.bin", "blobs/" + 64 * "0" + ".bin", "x"])
def test_a_blobs_name_is_its_content(name: str) -> None:
    body = json.loads(encode(MANIFEST))
    body["documents"][0]["blob"]["name"] = name
    with pytest.raises(DamagedSnapshot):
        decode(rewritten(documents=body["documents"]), "file")
