"""Every rule over an index, as it is made, holds and says what to do."""

import pytest

from tests.api_server.api import Api, Refused
from tests.api_server.broken_names import NAME_RULES, NameRule
from tests.api_server.broken_rules import RULES, Rule
from tests.api_server.kinds import index

OF_SPECS = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.title)
OF_NAMES = pytest.mark.parametrize("rule", NAME_RULES, ids=lambda rule: rule.title)


@OF_SPECS
def test_a_spec_that_keeps_a_rule_is_accepted(api: Api, rule: Rule) -> None:
    api.create(index(rule.kept))


@OF_SPECS
def test_a_spec_that_breaks_a_rule_is_refused(api: Api, rule: Rule) -> None:
    with pytest.raises(Refused) as refusal:
        api.create(index(rule.broken))
    # Only this, and nothing else that would hide it.
    assert refusal.value.message.partition(" is invalid: ")[2].startswith(f"{rule.path}: ")
    assert refusal.value.message.endswith(f": {rule.told}")


@OF_NAMES
def test_an_index_that_keeps_a_rule_of_names_is_accepted(api: Api, rule: NameRule) -> None:
    api.create(index(rule.spec, rule.kept))


@OF_NAMES
def test_an_index_that_breaks_a_rule_of_names_is_refused(api: Api, rule: NameRule) -> None:
    with pytest.raises(Refused) as refusal:
        api.create(index(rule.spec, rule.broken))
    assert refusal.value.message.endswith(f": {rule.told}")


def test_a_name_that_no_object_may_have_is_refused_by_kubernetes_itself(api: Api) -> None:
    with pytest.raises(Refused, match="RFC 1123"):
        api.create(index(name="Products"))
