"""For each rule over an index's name: a name that keeps it, one that breaks it, words."""

from dataclasses import dataclass
from typing import Final

from tests.api_server.broken_rules import Spec

_NAME: Final = "metadata.name: 1 to 40 of a-z, 0-9 and -, beginning with a letter"
_OWN_NAME: Final = "aliases: an index answers under its own name anyway"


@dataclass(frozen=True, slots=True)
class NameRule:
    """`kept` is accepted as a name; `broken` is refused with `told`. Both with `spec`."""

    title: str
    kept: str
    broken: str
    told: str
    spec: Spec


NAME_RULES: Final = (
    NameRule("longest", "a" * 40, "a" * 41, _NAME, {}),
    NameRule("letter-first", "a1", "1a", _NAME, {}),
    NameRule("no-dots", "a-b", "a.b", _NAME, {}),
    NameRule("own-alias", "products", "shop", _OWN_NAME, {"aliases": ["catalogue", "shop"]}),
)
