"""Every setting of the operator: an environment variable of the field's name in capitals."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from embedding_operator.errors import BadConfiguration


class Settings(BaseSettings):
    """Frozen; read once, at the start."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )

    operator_namespace: Annotated[str, Field(max_length=63)]
    """Namespace of the operator's own pod, where its key is kept."""
    operator_release: Annotated[str, Field(min_length=1, max_length=53)] = "gpu-embedding"
    """Name of this installation; indexes remember it. As long as Helm allows: the API server allows
    128 for both names together."""
    defaults_file: Path
    """YAML file with what indexes get that do not say it themselves."""
    watch_namespaces: Annotated[tuple[str, ...], NoDecode] = ()
    """Namespaces, separated by commas, whose indexes are made real; unset is every one."""
    health_port: int = Field(default=8080, ge=0, le=65_535)
    """Port of `/healthz` and `/metrics`."""
    concurrency: int = Field(default=8, ge=1, le=64)
    """Indexes that are worked on at once."""
    resync: float = Field(default=600.0, gt=0)
    """Seconds between two full looks at the cluster, whatever was watched."""
    log_format: Literal["json", "console"] = "json"
    """How log lines look."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""

    @field_validator("watch_namespaces", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @property
    def operator(self) -> str:
        """Who claims indexes."""
        return f"{self.operator_namespace}/{self.operator_release}"


def load_settings() -> Settings:
    """From the environment. Raises BadConfiguration with a line for every fault."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        raise BadConfiguration("\n".join(lines)) from None
