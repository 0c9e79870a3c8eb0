"""No rule goes untested. Needs no server."""

from embedding_operator.names import INDEXES, SNAPSHOTS
from schemas import messages
from tests.api_server.broken_names import NAME_RULES
from tests.api_server.broken_rules import RULES
from tests.api_server.fixed_fields import FIELDS, GROWTH_TOLD, SNAPSHOT_TOLD


def test_every_rule_of_the_kinds_is_broken_by_a_test() -> None:
    broken = {SNAPSHOT_TOLD, GROWTH_TOLD, f"sqlite.{GROWTH_TOLD}"}
    broken |= {rule.told for rule in RULES} | {rule.told for rule in NAME_RULES}
    broken |= {field.told for field in FIELDS}
    assert {*messages(INDEXES), *messages(SNAPSHOTS)} - broken == set()
