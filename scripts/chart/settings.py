"""The settings of the server that the tier's values may name, typed as the server has them."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, ByteSize, Field

from embedding_service.settings import (
    EngineSettings,
    HttpSettings,
    Limits,
    ModelSettings,
    ObservabilitySettings,
)

SET_BY_CHART: Final = frozenset(
    {
        "ADMIN_PORT",
        "ALLOWED_MODELS",
        "API_KEYS_FILE",
        "CUDA_VISIBLE_DEVICES",
        "DATABASE_URL",
        "DEVICE",
        "EMBEDDING_MODEL",
        "HF_HOME",
        "HF_HUB_OFFLINE",
        "HF_TOKEN",
        "METRICS_ENABLED",
        "METRICS_PORT",
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SHUTDOWN_DELAY",
        "SHUTDOWN_GRACE",
        "TMPDIR",
    }
)
"""They follow from other values, or from how the pod is made."""
_GROUPS: Final = (
    ModelSettings,
    EngineSettings,
    Limits,
    HttpSettings,
    ObservabilitySettings,
)
"""Without those of indexes, which the tier does not serve."""
_SIZE: Final = r"^[0-9]+(\.[0-9]+)? *[kKMGT]?i?B?$"


def describe_config() -> dict[str, dict[str, Any]]:
    """JSON schema of each setting by its name."""
    return {
        name: schema
        for group in _GROUPS
        for name, schema in _describe(group)
        if name not in SET_BY_CHART
    }


def _describe(group: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    properties = group.model_json_schema(by_alias=False)["properties"]
    for name, field in group.model_fields.items():
        text = " ".join((field.description or "").split())
        yield name.upper(), {**_as_given(field.annotation, properties[name]), "description": text}


def _as_given(annotation: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Lists and objects are text in the environment, and sizes may be."""
    if annotation is ByteSize:
        return {"type": ["integer", "string"], "pattern": _SIZE, "minimum": 0}
    schema = schema.get("anyOf", [schema])[0]
    if schema["type"] in ("array", "object"):
        return {"type": "string"}
    kept = ("type", "enum", "minimum", "maximum", "exclusiveMinimum")
    return {key: schema[key] for key in kept if key in schema}


Config: TypeAlias = Annotated[
    dict[str, str | bool | int | float],
    Field(json_schema_extra={"properties": describe_config(), "additionalProperties": False}),
]
"""Settings by name."""
