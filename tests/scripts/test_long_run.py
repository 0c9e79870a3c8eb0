"""`make test-long` keeps what passed and tells what came of every part."""

from pathlib import Path

import pytest

from long_run import CLUSTER, LONG, Part, collect, digest, load, render, run, save

PASSED = Part(
    "tests/a.py::test_soak", "passed", 90.0, "2030-01-02 03:04 UTC", {"requests": "10,000"}
)
FAILED = Part("tests/a.py::test_other", "failed", 6.0, "2030-01-02 03:05 UTC", {})


@pytest.mark.usefixtures("uncovered")
def test_each_long_test_is_a_part_by_itself() -> None:
    assert [name.partition("[")[2] for name in collect(LONG, "tests/load")] == [
        "hashing]",
        "minilm]",
    ]


@pytest.mark.usefixtures("uncovered")
def test_the_tests_against_an_api_server_are_one_part_together() -> None:
    assert collect(CLUSTER, "tests/api_server") == ["tests/api_server"]


@pytest.mark.usefixtures("uncovered")
@pytest.mark.parametrize(
    ("second", "outcome"), [("", "passed"), ("assert False", "failed"), ("pytest.skip()", "passed")]
)
def test_a_folder_passes_when_none_of_its_tests_fails(
    tmp_path: Path, second: str, outcome: str
) -> None:
    folder = tmp_path / "quick"
    folder.mkdir()
    head = "import pytest\n\n\n@pytest.mark.long\ndef test_it(record_property):\n"
    (folder / "test_first.py").write_text(f"{head}    record_property('first', 1)\n")
    (folder / "test_second.py").write_text(
        f"{head}    record_property('second', 2)\n    {second}\n"
    )
    part = run(LONG, str(folder), 60, tmp_path / "junit.xml")
    assert (part.outcome, part.figures) == (outcome, {"first": "1", "second": "2"})


def test_a_part_that_passed_is_not_run_again(tmp_path: Path) -> None:
    save(tmp_path, PASSED)
    assert load(tmp_path, PASSED.name) == PASSED


def test_a_part_that_failed_is_run_again(tmp_path: Path) -> None:
    save(tmp_path, FAILED)
    assert load(tmp_path, FAILED.name) is None


def test_a_part_that_never_ran_has_no_result(tmp_path: Path) -> None:
    assert load(tmp_path, PASSED.name) is None


def test_a_change_of_what_is_tested_forgets_the_results(tmp_path: Path) -> None:
    (tmp_path / "service/cache/__pycache__").mkdir(parents=True)
    source = tmp_path / "service" / "one.py"
    source.write_text("1")
    before = digest(tmp_path, ["service", "missing"])
    (tmp_path / "service/cache/__pycache__/one.pyc").write_text("compiled")
    assert digest(tmp_path, ["service", "missing"]) == before
    source.write_text("2")
    assert digest(tmp_path, ["service", "missing"]) != before


@pytest.mark.usefixtures("uncovered")
def test_a_part_brings_what_its_test_recorded(tmp_path: Path) -> None:
    test = tmp_path / "test_recording.py"
    test.write_text(
        "import pytest\n\n\n@pytest.mark.long\n"
        "def test_it(record_property):\n    record_property('requests', 7)\n"
    )
    part = run(LONG, f"{test}::test_it", 60, tmp_path / "junit.xml")
    assert (part.outcome, part.figures) == ("passed", {"requests": "7"})


def test_the_report_shows_every_part_with_its_figures() -> None:
    page = render(
        LONG,
        [PASSED.name, FAILED.name, "tests/a.py::test_later"],
        {PASSED.name: PASSED, FAILED.name: FAILED},
    )
    assert "| `tests/a.py::test_soak` | passed | 1.5 | 2030-01-02 03:04 UTC |" in page
    assert "| `tests/a.py::test_other` | failed | 0.1 | 2030-01-02 03:05 UTC |" in page
    assert "| `tests/a.py::test_later` | not run |" in page
    assert "## test_soak\n\n| figure | value |\n|---|---|\n| requests | 10,000 |\n" in page
