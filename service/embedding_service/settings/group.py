"""What groups of settings are made of."""

import json
from typing import Annotated, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode


def _split_at_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


CommaSeparated: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_at_commas)]


def read_json(value: object) -> object:
    """From JSON, where it is text. Raises ValueError."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise ValueError(f"not a JSON object: {error}") from None


Period: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
PeriodOrNone: TypeAlias = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class Group(BaseModel):
    """Frozen; knows no other names than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
