"""What an index is: fixed when it is created, but for what it is searched by."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.tuning import Tuning

LONGEST_NAME: Final = 63
MOST_FIELDS: Final = 64
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_OPERATORS: Final = frozenset({"and", "or", "not"})


class Metric(StrEnum):
    """How near two vectors are. Cosine is dot over vectors of unit length, which are kept so."""

    COSINE = "cosine"
    DOT = "dot"
    L2 = "l2"
    """Euclidean distance (the root is taken, unlike in FAISS): lower is nearer."""

    @property
    def is_distance(self) -> bool:
        """Whether lower is nearer."""
        return self is Metric.L2


class Engine(StrEnum):
    """What sealed segments become; `auto` decides by size (upkeep/engines.py)."""

    AUTO = "auto"
    FLAT = "flat"
    HNSW = "hnsw"
    IVF = "ivf"


class FieldType(StrEnum):
    """Type of a metadata field that filters may name."""

    KEYWORD = "keyword"
    KEYWORDS = "keywords"
    """A list of keywords; a filter holds when it holds for one of them."""
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    DATETIME = "datetime"
    """RFC 3339 text with an offset, kept to the microsecond."""


@dataclass(frozen=True, slots=True)
class ModelPin:
    """The model whose vectors an index holds, and how its texts are embedded."""

    name: str
    """As served when the index was created; a hint, where the fingerprint decides."""
    fingerprint: str
    """Hex sha256 (inference/models/fingerprint.py)."""
    query_prompt: str | None = None
    """Name of the prompt before queries; None has none."""
    document_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """One index. Engine and tuning may change: FAISS is a view of the record."""

    uid: str
    """The key everywhere; never given to another index."""
    name: str
    dimension: int
    metric: Metric = Metric.COSINE
    engine: Engine = Engine.AUTO
    fields: Mapping[str, FieldType] = field(default_factory=dict)
    model: ModelPin | None = None
    """None takes vectors only."""
    tuning: Tuning = field(default_factory=Tuning)


def check_name(name: str, kind: str = "index") -> str:
    """`name` as it is. Raises InvalidRequest unless it is a DNS-1123 label (RFC 1123)."""
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"not a name for an {kind}: use 1 to {LONGEST_NAME} of a-z, 0-9 and -, with a letter "
            "or digit at both ends",
            [Issue("is not a DNS-1123 label", path="name")],
        )
    return name


def check_fields(fields: Mapping[str, FieldType]) -> Mapping[str, FieldType]:
    """`fields` as they are. Raises InvalidRequest for names a filter could not say."""
    if len(fields) > MOST_FIELDS:
        raise InvalidRequest(
            f"{len(fields)} declared fields; the most is {MOST_FIELDS}",
            [Issue(f"has more than {MOST_FIELDS} fields", path="fields")],
        )
    for name in fields:
        if not _FIELD.fullmatch(name) or name in _OPERATORS:
            raise InvalidRequest(
                "not a name for a field: use a letter or _, then up to 63 of letters, digits and "
                "_ . -; and, or, not belong to filters",
                [Issue("has a name that a filter could not say", path="fields")],
            )
    return fields
