"""What an index is searched by. May change: FAISS is a view of the record.

The server checks the same bounds, and has their reasons (docs/indexes.md).
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from embedding_operator.resources.shape import Shape, validated


class EngineType(StrEnum):
    """What vectors are searched by."""

    AUTO = "Auto"
    FLAT = "Flat"
    HNSW = "HNSW"
    IVF = "IVF"


class Hnsw(Shape):
    """A graph of neighbours, FAISS's HNSW."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            (
                "self.efConstruction >= 2 * self.m",
                "efConstruction must be at least twice m: raise it, or lower m",
            )
        )
    )

    m: Annotated[int, Field(ge=8, le=64)] = 32
    """Neighbours of a row, FAISS's M; 32 by default. A row takes 8 bytes more for each."""
    ef_construction: Annotated[int, Field(ge=16, le=512)] = 128
    """Rows kept in mind while a row's neighbours are looked for, at least twice `m`; 128 by
    default. With more a build takes longer."""


class Ivf(Shape):
    """Rows sorted into lists, FAISS's IVF with 4-bit codes and exact rescoring."""

    nlist: Annotated[int, Field(ge=16, le=16_384)] | None = None
    """Lists, or one for 39 rows where that is less; two for each root of the rows by default."""


class Engine(Shape):
    """What vectors are searched by.

    Pods restart when it changes, search as before, and change over when new graphs are built.
    """

    model_config = ConfigDict(
        json_schema_extra=validated(
            ("self.type == 'HNSW' || !has(self.hnsw)", "hnsw belongs to type HNSW"),
            ("self.type == 'IVF' || !has(self.ivf)", "ivf belongs to type IVF"),
            (
                "self.type != 'Flat' || (!has(self.exactRows) && !has(self.recall))",
                "Flat is always exact: exactRows and recall belong to the other types",
            ),
        )
    )

    type: EngineType = EngineType.AUTO
    """`Auto` (default) searches exactly while that is quick enough, then builds graphs of the type
    that suits; `HNSW` and `IVF` say which; `Flat` is always exact."""
    exact_rows: Annotated[int, Field(ge=1_000, le=250_000)] | None = None
    """Rows up to which all are compared, and no graph is built; 50000 by default. Fewer than new
    rows come together to, 20000 or 32 MB, change nothing."""
    recall: Annotated[float, Field(ge=0.8, le=0.995)] | None = None
    """Share of the ten nearest rows that a graph finds at least, as measured when it is built, or
    it is not used; 0.98 by default. More takes longer."""
    hnsw: Hnsw | None = None
    """Parameters of type HNSW."""
    ivf: Ivf | None = None
    """Parameters of type IVF."""
