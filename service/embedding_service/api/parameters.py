"""What routes take beside a body, as /openapi.json tells it.

The values are read by hand: FastAPI would refuse what is wrong in words and a shape of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, as /openapi.json tells it."""

    name: str
    place: Literal["path", "query", "header"]
    schema: Mapping[str, Any]
    description: str


def parameters(*taken: Parameter) -> dict[str, Any]:
    """`openapi_extra` of a route that takes these."""
    return {
        "parameters": [
            {
                "name": each.name,
                "in": each.place,
                "required": each.place == "path",
                "schema": dict(each.schema),
                "description": each.description,
            }
            for each in taken
        ]
    }
