"""Cores by affinity and by a container's quota."""

import os
from pathlib import Path

import pytest

from embedding_service.inference.cores import usable_cores

HERE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("limit", "cores"),
    [
        ("max 100000\n", HERE),
        ("100000 100000\n", 1),
        ("50000 100000\n", 1),
        ("9900000 100000\n", HERE),
    ],
)
def test_the_quota_of_cgroup_v2_counts(tmp_path: Path, limit: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    assert usable_cores(tmp_path, tmp_path / "own") == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", HERE), ("100000", 1), ("20000", 1)])
def test_the_quota_of_cgroup_v1_counts(tmp_path: Path, quota: str, cores: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert usable_cores(tmp_path, tmp_path / "own") == cores


@pytest.mark.parametrize("limit", ["nonsense", "", None])
def test_what_cannot_be_read_is_no_limit(tmp_path: Path, limit: str | None) -> None:
    if limit is not None:
        (tmp_path / "cpu.max").write_text(limit)
    assert usable_cores(tmp_path, tmp_path / "own") == HERE


@pytest.mark.parametrize(
    ("own", "limited", "file"),
    [
        ("0::/system.slice/embedding.service\n", "system.slice/embedding.service", "cpu.max"),
        ("0::/system.slice/embedding.service\n", "system.slice", "cpu.max"),
        ("4:cpu,cpuacct:/docker/abc\n0::/\n", "cpu/docker", "cpu.cfs_quota_us"),
        ("4:memory:/far\n3:cpu:/docker/abc\n", "cpu/docker/abc", "cpu.cfs_quota_us"),
    ],
)
def test_the_quota_of_a_cgroup_around_it_counts(
    tmp_path: Path, own: str, limited: str, file: str
) -> None:
    (tmp_path / "own").write_text(own)
    folder = tmp_path / limited
    folder.mkdir(parents=True)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (folder / file).write_text("100000" if "quota" in file else "100000 100000\n")
    (folder / "cpu.cfs_period_us").write_text("100000")
    assert usable_cores(tmp_path, tmp_path / "own") == 1


def test_the_smallest_quota_counts(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("0::/pod/container\n")
    for name, quota in (("pod", 100_000), ("pod/container", 9_900_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cpu.max").write_text(f"{quota} 100000")
    assert usable_cores(tmp_path, tmp_path / "own") == 1


def test_what_lies_outside_of_its_namespace_is_not_looked_for(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "cpu.max").write_text("100000 100000")
    (tmp_path / "own").write_text("0::/../outside\n")
    assert usable_cores(inside, tmp_path / "own") == HERE
