"""What is searched, made anew from one snapshot or another."""

from pathlib import Path

from operator_port import Pod, running_pod


async def test_a_reload_begins_with_what_it_is_told(pod: Pod, tmp_path: Path) -> None:
    first = (await pod.work("snapshot"))["id"]
    await pod.service.put(range(20, 30))
    second = (await pod.work("snapshot"))["id"]
    nearest = await pod.service.nearest()
    for wanted, begun_from in ((first, first), (None, second), ("newest", second)):
        told = await pod.work("reload", snapshot=wanted)
        assert (told["begun_from"], told["fault"], told["version"]) == (begun_from, None, 30)
        assert (await pod.ask("GET", "/status"))["snapshot"]["begun_from"] == begun_from
    assert await pod.service.nearest() == nearest


async def test_a_snapshot_that_cannot_be_used_is_refused_and_the_old_view_stays(
    tmp_path: Path,
) -> None:
    pin = tmp_path / "pin"
    async with running_pod(tmp_path / "pod", index_snapshot_file=pin) as pod:
        await pod.service.put(range(20))
        first = (await pod.work("snapshot"))["id"]
        await pod.work("reload", snapshot=first)
        nearest = await pod.service.nearest()
        (folder,) = (tmp_path / "pod" / "snapshots" / "shop").iterdir()
        await pod.service.put(range(20, 30))
        second = (await pod.work("snapshot"))["id"]
        for blob in (folder / "blobs").glob("*.bin"):
            blob.write_bytes(blob.read_bytes()[:-1])
        pin.write_text(second)
        for wanted in (second, None, "unknown"):
            job = await pod.order("reload", snapshot=wanted)
            assert (job["state"], bool(job["error"])) == ("failed", True)
            told = (await pod.ask("GET", "/status"))["snapshot"]
            assert told == {"begun_from": first, "fault": None}
        pin.write_text("")  # nobody insists on the newest
        told = await pod.work("reload")
        assert (told["begun_from"], "blobs/" in told["fault"]) == (None, True)
        assert len(await pod.service.nearest()) == len(nearest)
        pin.write_bytes(b"\xff")
        assert "INDEX_SNAPSHOT_FILE" in (await pod.order("reload"))["error"]
