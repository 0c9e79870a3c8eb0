"""Bodies in the shapes of text-embeddings-inference; fields they do not name are ignored."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, RootModel

from embedding_service.api.bodies import Payload
from embedding_service.api.body_faults import Takes
from embedding_service.api.inputs import Ids, TextList, Texts, TextsOrIds
from embedding_service.inference.requests import Side

Direction: TypeAlias = Literal["Left", "Right", "left", "right"]
_Prompt: TypeAlias = Annotated[str | None, Field(max_length=200)]

_LENIENT = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)


def side_of(direction: Direction) -> Side:
    """The end that is cut off."""
    return "left" if direction.lower() == "left" else "right"


class EmbedRequest(Payload):
    """What to embed, and how."""

    model_config = ConfigDict(
        extra="ignore", json_schema_extra={"example": {"inputs": ["What is Deep Learning?"]}}
    )
    takes: ClassVar[Mapping[str, Takes]] = {"inputs": Takes.TEXTS | Takes.IDS}

    inputs: TextsOrIds
    """One text, several, or token ids of the served model in place of either."""
    truncate: bool | None = None
    """Cut what is too long, which is the default; false refuses it."""
    truncation_direction: Direction = "Right"
    """The end that is cut off."""
    prompt_name: _Prompt = None
    """One of the model's own prompts."""
    normalize: bool = True
    """Scale every vector to unit length."""
    dimensions: int | None = Field(default=None, ge=1)
    """Keep this many leading dimensions, then normalise."""


class SimilarityInput(BaseModel):
    """One sentence, and those to compare it with."""

    model_config = _LENIENT

    source_sentence: str
    sentences: TextList


class SimilarityParameters(BaseModel):
    """How to embed them."""

    model_config = _LENIENT

    truncate: bool | None = None
    truncation_direction: Direction = "Right"
    prompt_name: _Prompt = None


class SimilarityRequest(Payload):
    """Sentences to compare."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "example": {"inputs": {"source_sentence": "Good day", "sentences": ["Buenos días"]}}
        },
    )

    inputs: SimilarityInput
    parameters: SimilarityParameters | None = None


class TokenizeRequest(Payload):
    """Texts to tokenise."""

    model_config = ConfigDict(extra="ignore")
    takes: ClassVar[Mapping[str, Takes]] = {"inputs": Takes.TEXTS}

    inputs: Texts
    add_special_tokens: bool = True
    prompt_name: _Prompt = None


class DecodeRequest(Payload):
    """Token ids to turn back into texts."""

    model_config = ConfigDict(extra="ignore")
    takes: ClassVar[Mapping[str, Takes]] = {"ids": Takes.IDS}

    ids: Ids
    skip_special_tokens: bool = True


class EmbedAnswer(RootModel[list[list[float]]]):
    """One vector a text, even for a single text."""


class SimilarityAnswer(RootModel[list[float]]):
    """Cosine of the source sentence and each other."""


class SimpleToken(BaseModel):
    """One token; `start` and `stop` are character offsets, null for special tokens."""

    id: int
    text: str
    special: bool
    start: int | None
    stop: int | None


class TokenizeAnswer(RootModel[list[list[SimpleToken]]]):
    """The tokens of each text."""


class DecodeAnswer(RootModel[list[str]]):
    """One text for each list of ids."""


class InfoAnswer(BaseModel):
    """What is served, in that server's words."""

    model_config = ConfigDict(protected_namespaces=(), use_attribute_docstrings=True)

    model_id: str
    model_sha: str | None
    model_dtype: str
    served_model_name: str
    model_type: dict[str, dict[str, Any]]
    max_concurrent_requests: int
    """Texts of the greatest length that may wait; of shorter ones there may be more."""
    max_input_length: int
    max_batch_tokens: int
    max_batch_requests: int | None
    max_client_batch_size: int
    auto_truncate: bool
    tokenization_workers: int
    version: str
    sha: str | None
    docker_label: str | None
