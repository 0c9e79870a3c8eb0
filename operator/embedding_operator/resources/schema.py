"""From typed kinds to structural schemas (Kubernetes, "Specifying a structural schema")."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

_NOT_OURS = {"title", "additionalProperties", "$defs"}
_INT_OR_STRING = "x-kubernetes-int-or-string"


def build_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The structural schema of `model`: no references, no unions, nothing nullable."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    return _structure(schema, definitions)


def _structure(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    node = _flatten(node, definitions)
    made = {key: value for key, value in node.items() if key not in _NOT_OURS}
    if "default" in made and made["default"] is None:
        del made["default"]
    if node.get(_INT_OR_STRING):
        made.pop("type", None)
        return made
    if "description" in made:
        made["description"] = " ".join(made["description"].split())
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if "properties" in made:
        made["properties"] = {
            name: _structure(value, definitions) for name, value in made["properties"].items()
        }
    elif isinstance(node.get("additionalProperties"), Mapping):
        made["additionalProperties"] = _structure(node["additionalProperties"], definitions)
    if "items" in made:
        made["items"] = _structure(made["items"], definitions)
    if made.get("type") == "integer":
        made["format"] = "int64"
    return made


def _flatten(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """`node` with what it refers to, and with the one alternative that is not null."""
    flat = dict(node)
    while True:
        if "$ref" in flat:
            target = definitions[flat.pop("$ref").rpartition("/")[2]]
            flat = {**target, **flat}
        elif _INT_OR_STRING in flat:
            flat.pop("anyOf", None)
            return flat
        elif "anyOf" in flat:
            (alternative,) = (each for each in flat.pop("anyOf") if each.get("type") != "null")
            flat = {**alternative, **flat}
        else:
            return flat
