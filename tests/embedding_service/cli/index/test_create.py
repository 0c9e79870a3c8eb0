import pytest

from index_commands import IndexCommands


def test_a_name_is_enough(index: IndexCommands, name: str) -> None:
    assert index.do("create", name) == f"{name}: 16 dimensions, cosine, model hashing:16\n"


def test_everything_can_be_chosen(index: IndexCommands, name: str) -> None:
    facts = index.read(
        "create", name, "--no-model", "--dimension", "3", "--metric", "l2", "--engine", "flat",
        "--field", "year:int", "--field", "a.b:keywords",
    )  # fmt: skip
    assert (facts["model"], facts["dimension"]) == (None, 3)
    assert (facts["metric"], facts["engine"]) == ("l2", "flat")
    assert facts["fields"] == {"year": "int", "a.b": "keywords"}


def test_an_engine_has_its_parameters(index: IndexCommands, name: str) -> None:
    facts = index.read(
        "create", name, "--engine", "hnsw", "--m", "16", "--ef-construction", "64",
        "--exact-rows", "9000", "--recall", "0.9",
    )  # fmt: skip
    assert facts["engine_parameters"] == {
        "exact_rows": 9_000, "recall": 0.9, "m": 16, "ef_construction": 64,
    }  # fmt: skip


def test_a_model_can_be_named(there: IndexCommands, name: str) -> None:
    facts = there.read("create", name, "--model", "hashing:16", "--dimension", "8")
    assert (facts["model"], facts["dimension"]) == ("hashing:16", 8)
    assert "'nonsense' is not served" in there.fail("create", f"{name}-2", "--model", "nonsense")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--model", "m", "--no-model", "--dimension", "3"], "give one of them"),
        (["--no-model"], "needs --dimension"),
        (["--field", "year"], "is not NAME:TYPE"),
        (["--field", "year:year"], "is not NAME:TYPE"),
        (["--field", "a:int", "--field", "a:bool"], "'a' is given twice"),
        (["--metric", "taxi"], "Invalid value for '--metric'"),
        (["--nlist", "64"], "--nlist is of engine ivf, not of auto; leave it out"),
        (["--engine", "hnsw", "--m", "65"], "--m is 65; use 8 to 64"),
        (["--dimension", "0"], "Invalid value for '--dimension'"),
    ],
)
def test_a_wrong_call_is_code_2(here: IndexCommands, options: list[str], told: str) -> None:
    assert told in here.fail("create", "name", *options, code=2)


def test_what_the_service_refuses_is_told_in_its_words(there: IndexCommands, name: str) -> None:
    there.do("create", name)
    assert name in there.fail("create", name)
    assert "not a name for an index" in there.fail("create", "../A")
