"""charts/gpu-embedding/values.schema.json: closed at every level but `global`."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from chart.tree import list_sections
from chart.values import ChartValues

_DIALECT = GenerateJsonSchema.schema_dialect


def render_schema() -> str:
    """The whole text of values.schema.json."""
    return json.dumps(build_schema(), indent=1, ensure_ascii=False) + "\n"


def build_schema() -> dict[str, Any]:
    """The schema.

    What values.yaml has is required: who takes a section away by `null` is told so, where a
    template would stumble over it.
    """
    schema = ChartValues.model_json_schema(by_alias=True)
    sections = list_sections(ChartValues())
    whole = {name: each for name, each in schema["$defs"].items() if name in sections}
    for each in (schema, *whole.values()):
        each["required"] = [
            key for key, value in each["properties"].items() if not _may_be_null(value)
        ]
    return {"$schema": _DIALECT, **_tidy(schema)}


def _may_be_null(schema: dict[str, Any]) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def _tidy(schema: Any) -> Any:
    """Without what says nothing; alternatives as a list of types, which Helm tells better."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in ("title", "default")}
    if "description" in kept and isinstance(kept["description"], str):
        kept["description"] = " ".join(kept["description"].split())
    for key in ("properties", "$defs"):
        if key in kept:
            kept[key] = {name: _tidy(each) for name, each in schema[key].items()}
    if "patternProperties" in kept:  # keys that match no pattern are none
        kept["additionalProperties"] = False
    for key in ("items", "additionalProperties", "propertyNames", "anyOf", "patternProperties"):
        if key in kept:
            kept[key] = _tidy(kept[key])
    return _merge(kept)


def _merge(schema: dict[str, Any]) -> dict[str, Any]:
    """`anyOf` as `type`: bounds of numbers do not apply to text, nor patterns to numbers."""
    kinds = schema.get("anyOf", [])
    if not kinds or any("type" not in each or "enum" in each for each in kinds):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    bounds: dict[str, Any] = {}
    for each in kinds:
        bounds |= {key: value for key, value in each.items() if key != "type"}
    return {"type": [each["type"] for each in kinds], **bounds, **rest}
