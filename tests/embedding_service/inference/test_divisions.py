"""Cores are divided without one too many, and what was found is remembered where that can be."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.divisions import Division, Memory, candidates, name_cpu

_SUBJECT = {"cpu": "EPYC", "cores": 8}


@given(cores=st.integers(1, 512), most=st.integers(1, 64))
def test_no_division_has_more_threads_than_cores_nor_too_many_workers(
    cores: int, most: int
) -> None:
    divisions = list(candidates(cores, most))
    assert divisions[-1] == Division(1, cores)
    assert len(set(divisions)) == len(divisions)
    for each in divisions:
        assert each.workers * each.threads <= cores
        assert each.workers <= most


def test_divisions_go_by_halves() -> None:
    assert list(candidates(8, 16)) == [
        Division(8, 1), Division(4, 2), Division(2, 4), Division(1, 8),
    ]  # fmt: skip


def test_what_was_found_is_known_to_the_next_start(tmp_path: Path) -> None:
    Memory(tmp_path / "new").keep(_SUBJECT, Division(4, 2))
    memory = Memory(tmp_path / "new")
    assert memory.recall(_SUBJECT) == Division(4, 2)
    assert memory.recall({**_SUBJECT, "cores": 4}) is None


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file")
    memory.keep(_SUBJECT, Division(4, 2))
    assert memory.recall(_SUBJECT) is None


@pytest.mark.parametrize("content", ["", "{}", '{"division": {"workers": 1}}', '{"division": 7}'])
def test_what_is_damaged_is_not_known(tmp_path: Path, content: str) -> None:
    memory = Memory(tmp_path)
    memory.keep(_SUBJECT, Division(4, 2))
    (path,) = (tmp_path / "divisions").iterdir()
    path.write_text(content)
    assert memory.recall(_SUBJECT) is None


def test_the_processor_has_a_name_where_the_system_tells(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: AMD EPYC 9554\nflags\t: fpu\n")
    assert name_cpu(told) == "AMD EPYC 9554"
    assert name_cpu(tmp_path / "nothing") == ""
