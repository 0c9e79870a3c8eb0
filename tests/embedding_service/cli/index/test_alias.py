import pytest

from index_commands import IndexCommands


def test_an_alias_is_made_moved_and_removed(index: IndexCommands, name: str) -> None:
    for each in (name, f"{name}-2"):
        index.do("create", each, "--no-model", "--dimension", "3")
    alias = f"{name}-a"
    assert index.do("alias", alias, name) == f"{alias} is {name} now\n"
    index.do("alias", alias, f"{name}-2")
    assert index.read("alias")["aliases"][alias] == f"{name}-2"
    assert f"{name}-2" in index.do("alias")
    assert index.do("alias", "--remove", alias) == f"{alias} removed\n"
    assert alias not in index.read("alias")["aliases"]
    assert "no alias" in index.fail("alias", "--remove", alias)


@pytest.mark.parametrize("arguments", [["a"], ["--remove"], ["a", "b", "--remove"]])
def test_a_wrong_call_is_code_2(here: IndexCommands, arguments: list[str]) -> None:
    assert "give ALIAS NAME" in here.fail("alias", *arguments, code=2)


def test_what_is_no_name_is_told(here: IndexCommands, name: str) -> None:
    assert "not a name for an alias" in here.fail("alias", "A/B", name)
    assert "no index" in here.fail("alias", "second", name)
