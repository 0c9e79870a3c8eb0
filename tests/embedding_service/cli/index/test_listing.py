from index_commands import IndexCommands


def test_lists_what_there_is(index: IndexCommands, name: str) -> None:
    index.do("create", name, "--no-model", "--dimension", "3")
    index.do("alias", f"{name}-a", name)
    (facts,) = [one for one in index.read("list")["indexes"] if one["name"] == name]
    assert facts["aliases"] == [f"{name}-a"]
    told = index.do("list")
    assert name in told
    assert "none" in told


def test_shows_one_by_name_or_alias(there: IndexCommands, name: str) -> None:
    there.do("create", name, "--field", "year:int")
    there.do("add", name, "one", "two")
    there.do("alias", f"{name}-a", name)
    facts = there.read("show", f"{name}-a")
    assert (facts["name"], facts["documents"], facts["version"]) == (name, 2, 2)
    told = there.do("show", name)
    for part in (name, "year:int", "hashing:16", facts["fingerprint"][:40]):
        assert part in told


def test_an_index_that_is_not_there_is_named(there: IndexCommands, name: str) -> None:
    assert f"no index '{name}' here" in there.fail("show", name)
