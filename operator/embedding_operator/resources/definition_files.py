"""The CustomResourceDefinitions as files, as `kubectl apply` takes them."""

import yaml

from embedding_operator.names import GROUP, Kind
from embedding_operator.resources.definitions import build_definitions

_HEAD = "# Made from operator/embedding_operator/resources by `make generate`; do not edit.\n"


def render_definition(kind: Kind) -> str:
    """The whole text of one file."""
    name = f"{kind.plural}.{GROUP}"
    (found,) = (each for each in build_definitions() if each["metadata"]["name"] == name)
    body: str = yaml.safe_dump(found, sort_keys=False, width=100, allow_unicode=True)
    return _HEAD + body
