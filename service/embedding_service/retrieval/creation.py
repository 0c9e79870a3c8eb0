"""From an index as it was asked for to its definition."""

from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.definition import (
    Definition,
    ModelPin,
    check_fields,
    check_name,
)
from embedding_service.retrieval.pins import PinnedEmbedder, pin
from embedding_service.retrieval.requests import NewIndex


async def define(new: NewIndex, embedder: PinnedEmbedder) -> Definition:
    """The definition, without a uid; the model is loaded if need be.

    Raises:
        InvalidRequest: the name, a field, or the dimension cannot be. And as `Embedder.describe`.
    """
    check_name(new.name)
    check_fields(new.fields)
    if not new.has_model:
        return _define(new, _check_dimension(new.dimension), None)
    model = await embedder.describe(new.model)
    dimension = model.dimension if new.dimension is None else new.dimension
    if dimension > model.dimension:
        raise InvalidRequest(
            f"model {model.name!r} gives {model.dimension} dimensions, fewer than {dimension}",
            [Issue(f"is more than the model's {model.dimension}", path="dimension")],
        )
    return _define(new, dimension, pin(model))


def _check_dimension(dimension: int | None) -> int:
    if dimension is None:
        raise InvalidRequest(
            "an index without a model needs its dimension",
            [Issue("is required where `model` is null", path="dimension")],
        )
    return dimension


def _define(new: NewIndex, dimension: int, model: ModelPin | None) -> Definition:
    return Definition(
        uid="",
        name=new.name,
        dimension=dimension,
        metric=new.metric,
        engine=new.engine,
        tuning=new.tuning,
        fields=new.fields,
        model=model,
    )
