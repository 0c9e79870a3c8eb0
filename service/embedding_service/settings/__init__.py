"""Every setting: its name, default, bounds and meaning.

A setting is an environment variable of the field's name in capitals; environment.py reads them.
Rooms receive the group they need; `Settings` is all groups in one frozen value.
"""

from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict

from embedding_service.settings.encoding import EncoderSettings, EngineSettings
from embedding_service.settings.group import Group
from embedding_service.settings.indexes import NO_DATABASE, IndexSettings, SoleIndexSettings
from embedding_service.settings.models import DEFAULT_MODEL, ModelOptions, ModelSettings
from embedding_service.settings.operated import OperatorSettings
from embedding_service.settings.serving import HttpSettings, Limits, ObservabilitySettings

__all__ = [
    "DEFAULT_MODEL",
    "GROUPS",
    "NO_DATABASE",
    "EncoderSettings",
    "EngineSettings",
    "HttpSettings",
    "IndexSettings",
    "Limits",
    "ModelOptions",
    "ModelSettings",
    "ObservabilitySettings",
    "OperatorSettings",
    "Settings",
    "SoleIndexSettings",
]


class Settings(
    ModelSettings,
    EngineSettings,
    EncoderSettings,
    Limits,
    IndexSettings,
    SoleIndexSettings,
    OperatorSettings,
    HttpSettings,
    ObservabilitySettings,
    BaseSettings,
):
    """All groups, as the environment gives them."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )


GROUPS: tuple[type[BaseModel], ...] = tuple(
    base for base in Settings.__bases__ if issubclass(base, Group)
)
"""In the order of docs/settings.md and .env.example."""
