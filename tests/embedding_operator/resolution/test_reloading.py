"""Which snapshot pods are to begin from."""

from typing import Any

import pytest

from embedding_indexes import an_index
from embedding_operator.resolution.reloading import Wish, find_start, find_wish

FOLLOWED = {"reload": {"wanted": "7", "since": 3, "snapshot": "7"}}
REFUSED = {"reload": {"wanted": "7", "since": 3, "snapshot": "6", "refused": "7"}}


@pytest.mark.parametrize(
    ("named", "status", "wish"),
    [
        ({}, FOLLOWED, None),
        ({"reload": {}}, FOLLOWED, None),
        ({"reload": {"snapshot": "7"}}, {}, Wish("7", 9)),
        ({"reload": {"snapshot": "7"}}, FOLLOWED, Wish("7", 3)),
        ({"reload": {"snapshot": "6"}}, FOLLOWED, Wish("6", 9)),
    ],
)
def test_a_wish_is_as_old_as_the_generation_that_named_it(
    named: dict[str, Any], status: dict[str, Any], wish: Wish | None
) -> None:
    assert find_wish(an_index(named, status, generation=9)) == wish


@pytest.mark.parametrize(
    ("named", "status", "start"),
    [
        (None, FOLLOWED, None),
        ("7", {}, "7"),
        ("7", FOLLOWED, "7"),
        ("7", REFUSED, "6"),
        ("7", {"reload": {"refused": "7", "wanted": "7"}}, None),
        ("8", REFUSED, "8"),
    ],
)
def test_a_pod_that_starts_begins_from_what_was_not_refused(
    named: str | None, status: dict[str, Any], start: str | None
) -> None:
    spec = {"reload": {"snapshot": named}} if named else {}
    assert find_start(an_index(spec, status)) == start
