"""What the routes of indexes read."""

from typing import Annotated, Any, Final, TypeAlias

from pydantic import ConfigDict, Field, RootModel, WithJsonSchema
from pydantic.config import JsonDict

from embedding_service.api.bodies import Payload
from embedding_service.api.inputs import Text
from embedding_service.api.native.indexes.parameters import (
    ID_SCHEMA,
    LONGEST_CURSOR,
    NAME_SCHEMA,
)
from embedding_service.api.native.indexes.vectors import Vector
from embedding_service.indexes.definition import (
    LONGEST_NAME,
    MOST_FIELDS,
    Engine,
    FieldType,
    Metric,
)
from embedding_service.indexes.tuning import EF_CONSTRUCTION, EXACT_ROWS, NLIST, RECALL, M
from embedding_service.retrieval.requests import Include

_LARGEST_DIMENSION: Final = 65_536
_LARGEST_VERSION: Final = 2**63 - 1
LONGEST_SNAPSHOT: Final = 64
LONGEST_UID: Final = 256
UID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$"
_VECTOR: Final = ["array", "string"]
_FIELD_NAMES: Final[JsonDict] = {
    "maxProperties": MOST_FIELDS,
    "propertyNames": {
        "pattern": "^[A-Za-z_][A-Za-z0-9_.-]{0,63}$",
        "not": {"enum": ["and", "or", "not"]},
    },
}

Name: TypeAlias = Annotated[str, WithJsonSchema(NAME_SCHEMA)]
DocumentId: TypeAlias = Annotated[str, WithJsonSchema(ID_SCHEMA)]


def _given(quantifier: str, **kinds: str | list[str]) -> dict[str, Any]:
    """Schema for `quantifier` of these fields, each of a type it has where it is not null."""
    return {
        quantifier: [
            {"required": [name], "properties": {name: {"type": kind}}}
            for name, kind in kinds.items()
        ]
    }


class EngineParameters(Payload):
    """How an engine builds and searches; what is left out has its default."""

    model_config = ConfigDict(extra="forbid")

    exact_rows: int | None = Field(default=None, ge=EXACT_ROWS[0], le=EXACT_ROWS[1])
    """Rows up to which all are compared, and no graph is built; 50,000 by default. Not of flat."""
    recall: float | None = Field(default=None, ge=RECALL[0], le=RECALL[1])
    """recall@10 that a graph has at least, as measured, or it is not used; 0.98 by default. Not of
    flat."""
    m: int | None = Field(default=None, ge=M[0], le=M[1])
    """FAISS's M: neighbours of a row; 32 by default. Of hnsw alone."""
    ef_construction: int | None = Field(default=None, ge=EF_CONSTRUCTION[0], le=EF_CONSTRUCTION[1])
    """FAISS's efConstruction: rows kept in mind while neighbours are looked for, at least twice m;
    128 by default. Of hnsw alone."""
    nlist: int | None = Field(default=None, ge=NLIST[0], le=NLIST[1])
    """FAISS's nlist: lists that rows are sorted into, or one for 39 rows where that is less; two
    for each root of the rows by default. Of ivf alone."""


class CreateIndexRequest(Payload):
    """An index to create; the name alone is enough."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"name": "articles", "fields": {"year": "int", "topic": "keyword"}},
            "anyOf": [
                {"properties": {"model": {"type": "string"}}},
                {"required": ["dimension"], "properties": {"dimension": {"type": "integer"}}},
            ],
        },
    )

    name: Name
    """Lower-case letters, digits and `-`: a DNS label."""
    model: str | None = Field(default_factory=lambda: None, max_length=200)
    """A served model by name; the default model without it. null takes vectors alone, and then
    `dimension` is needed."""
    dimension: int | None = Field(default=None, ge=1, le=_LARGEST_DIMENSION)
    """Of the vectors; the model's own without it, or fewer of a Matryoshka model's."""
    metric: Metric = Metric.COSINE
    """How near two vectors are. cosine and dot: higher is nearer; l2 is a distance."""
    engine: Engine = Engine.AUTO
    """What searches it. auto chooses by size."""
    engine_parameters: EngineParameters = EngineParameters()
    fields: dict[str, FieldType] = Field(default={}, json_schema_extra=_FIELD_NAMES)
    """Fields of metadata that filters may name, with their types."""


class ChangeIndexRequest(Payload):
    """What an index is to be searched by, from when it is built."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"engine": "hnsw", "engine_parameters": {"m": 48}}},
    )

    engine: Engine
    engine_parameters: EngineParameters = EngineParameters()
    """All of them: those that are left out have their defaults, whatever they were."""


class DocumentToAdd(Payload):
    """A text, a vector, or both: then the text is kept beside the vector, and not embedded."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=_given("anyOf", text="string", vector=_VECTOR),
    )

    id: DocumentId | None = None
    """512 bytes of UTF-8 at most; replaces the document that has it. One is made without it."""
    text: Text | None = None
    vector: Vector | None = None
    """Numbers, or base64 of little-endian float32."""
    metadata: dict[str, Any] | None = None


class AddRequest(Payload):
    """Documents to add, or to put in the place of those with their ids."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "documents": [{"id": "a", "text": "The first document", "metadata": {"year": 2024}}]
            }
        },
    )

    documents: list[DocumentToAdd] = Field(min_length=1)
    """Of several with one id the last counts."""
    atomic: bool = True
    """All or none; false adds what is right and tells what is not."""


class TextsToAdd(Payload, RootModel[Annotated[list[Text], Field(min_length=1, fail_fast=True)]]):
    """Texts alone, each a document."""

    model_config = ConfigDict(json_schema_extra={"example": ["document 1", "document 2"]})


class RemoveRequest(Payload):
    """Which documents to remove: by id, or all that a filter lets through."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"ids": ["a", "b"]},
            **_given("oneOf", ids="array", filter="object"),
        },
    )

    ids: list[DocumentId] | None = Field(default=None, min_length=1)
    """Those that are not there are passed over."""
    filter: dict[str, Any] | None = None


class SearchRequest(Payload):
    """One query or several, and which of the nearest documents to tell."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"query_text": "a question", "top_k": 5},
            **_given(
                "oneOf", query_text="string", query_texts="array", vector=_VECTOR, vectors="array"
            ),
        },
    )

    query_text: Text | None = None
    """One query; this, or one of the next three."""
    query_texts: Annotated[list[Text], Field(min_length=1, fail_fast=True)] | None = None
    vector: Vector | None = None
    """Numbers, or base64 of little-endian float32."""
    vectors: list[Vector] | None = Field(default=None, min_length=1)
    top_k: int = Field(default=10, ge=1)
    """Results of each query; at most MAX_TOP_K."""
    threshold: float | None = Field(default=None, allow_inf_nan=False)
    """Least score of a result; for the metric l2, its greatest distance."""
    filter: dict[str, Any] | None = None
    """What the metadata of a result must say."""
    include: list[Include] = Field(default=["text", "metadata"])
    """What to tell of a result beside its id and score."""
    exact: bool = False
    """Compare with every document, whatever it takes."""
    min_version: int | None = Field(default=None, ge=0, le=_LARGEST_VERSION)
    """The version that a write was answered with, to find what it wrote."""
    cursor: str | None = Field(default=None, min_length=1, max_length=LONGEST_CURSOR)
    """From an earlier answer to the same query: go on after its last result. One query alone."""


class RestoreRequest(Payload):
    """Which snapshot is put back, and where: into a new index, or over the index itself."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"snapshot": "newest", "into": "restored"}}
    )

    snapshot: str = Field(default="newest", max_length=LONGEST_SNAPSHOT)
    """Its id, or `newest`."""
    into: Name | None = None
    """An index to be made; without it the index's own documents are replaced."""
    confirm: str | None = Field(default=None, max_length=LONGEST_NAME)
    """The index's name, without `into`."""
    from_uid: Annotated[str, Field(pattern=UID, max_length=LONGEST_UID)] | None = None
    """The uid of the index that the snapshot was made of, where it is another one or is gone."""


class CheckRequest(Payload):
    """What a check may do."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"repair": True}})

    repair: bool = False
    """Make anew what is derived from the record, where it differs from it."""


class AliasRequest(Payload):
    """Where an alias leads."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"index": "articles"}})

    index: Name
