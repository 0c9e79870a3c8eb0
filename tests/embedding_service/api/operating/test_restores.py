"""A snapshot over the index, from wherever it lies."""

from pathlib import Path
from typing import Any

import pytest

from operator_port import NAME, UID, Pod, running_pod


async def test_a_restore_writes_a_snapshot_over_the_index(pod: Pod) -> None:
    made = await pod.work("snapshot")
    before = await pod.service.documents()
    await pod.service.put(range(10, 40), turn=1)
    told = await pod.work("restore")
    assert (told["snapshot"], told["from_uid"]) == (made["id"], UID)
    assert (told["written"], told["removed"]) == (10, 20)
    assert await pod.service.documents() == before


async def test_a_restore_reads_another_indexs_folder_where_it_is_told_to(tmp_path: Path) -> None:
    store = (tmp_path / "store").as_uri()
    async with running_pod(tmp_path / "one", index_uid="shop/1", snapshot_url=store) as one:
        await one.service.put(range(20))
        made = await one.work("snapshot")
        documents = await one.service.documents()
    async with running_pod(tmp_path / "two", snapshot_url=store) as two:
        told = await two.work("restore", from_uid="shop/1", snapshot=made["id"])
        assert (told["count"], await two.service.documents()) == (20, documents)
        theirs = {"confirm": NAME, "from_uid": "shop/1"}
        assert (await two.service.fault("POST", f"/{NAME}/restore", theirs))[0] == 405
    async with running_pod(tmp_path / "three") as three:
        told = await three.work("restore", from_uid="shop/1", url=store)
        assert await three.service.documents() == documents
        gone = await three.order("restore", from_uid="shop/2", url=store)
        assert (gone["state"], "newest" in gone["error"]) == ("failed", True)
        odd = await three.order("restore", url="ftp://example.org/x")
        assert (odd["state"], "file:///" in odd["error"]) == ("failed", True)
        assert await three.service.documents() == documents


async def test_a_restore_from_s3_has_keys_of_its_own(
    tmp_path: Path, s3_place: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, options = s3_place
    for name, value in (("ID", options["access_key_id"]), ("SECRET", options["secret_access_key"])):
        (tmp_path / name).write_text(value)
    keys: dict[str, Any] = {
        "aws_access_key_id_file": tmp_path / "ID",
        "aws_secret_access_key_file": tmp_path / "SECRET",
    }
    with monkeypatch.context() as patched:
        patched.setenv("AWS_ENDPOINT", options["endpoint"])
        patched.setenv("AWS_ALLOW_HTTP", "true")
        patched.setenv("AWS_REGION", "us-east-1")
        async with running_pod(tmp_path / "one", snapshot_url=url, **keys) as one:
            await one.service.put(range(20))
            made = await one.work("snapshot")
            documents = await one.service.documents()
            assert made["uri"] == f"{url}/{UID}"
    theirs: dict[str, Any] = {f"bootstrap_{name}": file for name, file in keys.items()}
    theirs["bootstrap_aws_endpoint"] = options["endpoint"]
    async with running_pod(tmp_path / "two", **theirs) as two:
        assert (await two.work("restore", url=url))["snapshot"] == made["id"]
        assert await two.service.documents() == documents
    async with running_pod(tmp_path / "three") as three:
        refused = await three.order("restore", url=url)
        assert "BOOTSTRAP_AWS_ACCESS_KEY_ID_FILE" in refused["error"]


@pytest.mark.parametrize(
    "other",
    [{"index_metric": "l2"}, {"index_dimension": 4}, {"embedding_model": "hashing:16"}],
)
async def test_a_snapshot_of_another_kind_is_not_restored(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    store = (tmp_path / "store").as_uri()
    async with running_pod(tmp_path / "one", index_uid="shop/1", snapshot_url=store) as one:
        await one.service.put(range(3))
        await one.work("snapshot")
    async with running_pod(tmp_path / "two", snapshot_url=store, **other) as two:
        job = await two.order("restore", from_uid="shop/1")
        assert (job["state"], "is of another model, dimension, metric" in job["error"]) == (
            "failed", True,
        )  # fmt: skip
