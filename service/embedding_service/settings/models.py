"""Which models are served, and from where."""

from typing import Annotated, Literal

from pydantic import ByteSize, Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from embedding_service.references import Reference, parse_reference
from embedding_service.settings.group import CommaSeparated, Group, Period, read_json

DEFAULT_MODEL = "paraphrase-multilingual-mpnet-base-v2"


class ModelOptions(Group):
    """What one served model does differently; a value of MODEL_OPTIONS."""

    token_ids: Literal["model", "cl100k_base"] = "model"  # noqa: S105  tokens of text
    """Vocabulary of token ids in requests: the model's own, or OpenAI's, decoded to text first."""
    is_matryoshka: bool | None = None
    """Whether the model was trained for fewer `dimensions`; unset asks the model's own
    configuration."""
    max_length: int | None = Field(default=None, ge=8)
    """Tokens a text may have; unset takes the model's own maximum. Enters the fingerprint."""
    dtype: Literal["float32", "bfloat16"] | None = None
    """Like DTYPE, for this model; unset takes that."""
    trust_remote_code: bool = False
    """Run Python code that the model's repository ships. Read that code first."""


class ModelSettings(Group):
    """Which models are served."""

    embedding_model: str = DEFAULT_MODEL
    """The default model: `[name=]reference`, where a reference is a hub id (optionally
    `@revision`), a folder (`./model`), `package:NAME` or `hashing:DIM`."""
    allowed_models: CommaSeparated = ()
    """Further models, separated by commas, each `[name=]reference`; loaded when first asked for."""
    model_options: Annotated[dict[str, ModelOptions], NoDecode] = Field(default_factory=dict)
    """JSON object, served name to options: `token_ids`, `is_matryoshka`, `max_length`, `dtype`,
    `trust_remote_code`."""
    model_memory_budget: ByteSize = ByteSize(0)
    """Memory for all loaded models together, for example `8GiB`; beyond it the least recently used
    one is unloaded, but never the default. 0 is no bound."""
    model_load_timeout: Period = 1800.0
    """Seconds for a model's download and load together."""

    _read_options = field_validator("model_options", mode="before")(read_json)

    @field_validator("embedding_model")
    @classmethod
    def _check_default(cls, value: str) -> str:
        parse_reference(value)
        return value

    @field_validator("allowed_models")
    @classmethod
    def _check_allowed(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        default = info.data.get("embedding_model")  # absent where it is wrong itself
        names = [reference.name for reference in _list_references(default, value)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"served under one name twice: {', '.join(twice)}")
        return value

    @field_validator("model_options")
    @classmethod
    def _check_options(
        cls, value: dict[str, ModelOptions], info: ValidationInfo
    ) -> dict[str, ModelOptions]:
        if not {"embedding_model", "allowed_models"} <= info.data.keys():
            return value  # they are wrong and say so themselves
        served = _list_references(info.data["embedding_model"], info.data["allowed_models"])
        names = [reference.name for reference in served]
        if unknown := sorted(set(value) - set(names)):
            raise ValueError(
                f"no model is served as {', '.join(unknown)}; served are {', '.join(names)}"
            )
        return value

    @property
    def references(self) -> tuple[Reference, ...]:
        """The served models, the default first. A default that is also on the list counts once."""
        return _list_references(self.embedding_model, self.allowed_models)


def _list_references(default: str | None, others: tuple[str, ...]) -> tuple[Reference, ...]:
    first = () if default is None else (parse_reference(default),)
    return first + tuple(other for other in map(parse_reference, others) if other not in first)
