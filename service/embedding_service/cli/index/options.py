"""Options that several of these commands take."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import orjson
import typer

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.definition import Engine, FieldType, Metric
from embedding_service.indexes.parameters import tune
from embedding_service.indexes.tuning import Tuning

Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="An index.")]
Url: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Ask the server at this address instead of opening the indexes here."),
]
ApiKey: TypeAlias = Annotated[
    str | None, typer.Option(envvar="GPU_EMBEDDING_API_KEY", help="The server's key.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, as the API says it.")]
Condition: TypeAlias = Annotated[
    str | None,
    typer.Option("--filter", metavar="JSON", help='Of the metadata, like {"year": 2024}.'),
]

Model: TypeAlias = Annotated[
    str | None, typer.Option(help="A served model; the default one without this.")
]
NoModel: TypeAlias = Annotated[
    bool, typer.Option("--no-model", help="Take vectors only, of --dimension.")
]
Dimension: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Of the vectors; the model's own without this.")
]
MetricOption: TypeAlias = Annotated[Metric, typer.Option("--metric", help="How near two are.")]
EngineOption: TypeAlias = Annotated[
    Engine, typer.Option("--engine", help="What searches; auto chooses by size.")
]
ExactRows: TypeAlias = Annotated[
    int | None, typer.Option(help="Rows up to which all are compared. Not with flat.")
]
Recall: TypeAlias = Annotated[
    float | None, typer.Option(help="recall@10 that graphs have at least. Not with flat.")
]
M: TypeAlias = Annotated[
    int | None, typer.Option("--m", help="FAISS's M: neighbours of a row. With hnsw alone.")
]
EfConstruction: TypeAlias = Annotated[
    int | None, typer.Option(help="FAISS's efConstruction. With hnsw alone.")
]
NList: TypeAlias = Annotated[
    int | None, typer.Option("--nlist", help="FAISS's nlist: lists of rows. With ivf alone.")
]
Fields: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME:TYPE",
        help=f"Metadata that filters may name. Types: {', '.join(FieldType)}.",
    ),
]


def parse_fields(given: Sequence[str] | None) -> dict[str, FieldType]:
    """Fields from `name:type` each. Raises BadParameter."""
    fields: dict[str, FieldType] = {}
    for each in given or ():
        name, _, kind = each.rpartition(":")
        if not name or kind not in set(FieldType):
            raise typer.BadParameter(
                f"{each!r} is not NAME:TYPE with a TYPE of {', '.join(FieldType)}",
                param_hint="--field",
            )
        if name in fields:
            raise typer.BadParameter(f"{name!r} is given twice", param_hint="--field")
        fields[name] = FieldType(kind)
    return fields


def parse_tuning(engine: Engine, **given: float | None) -> Tuning:
    """Parameters of an engine by name. Raises BadParameter."""
    try:
        return tune(engine, given, {name: f"--{name.replace('_', '-')}" for name in given})
    except InvalidRequest as error:
        raise typer.BadParameter(error.message) from None


def parse_condition(given: str | None) -> dict[str, Any] | None:
    """A filter from JSON. Raises BadParameter."""
    if given is None:
        return None
    try:
        condition = orjson.loads(given)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"is no JSON: {error}", param_hint="--filter") from None
    if not isinstance(condition, dict):
        raise typer.BadParameter("is no JSON object", param_hint="--filter")
    return condition


def check_model(model: str | None, dimension: int | None, *, no_model: bool) -> None:
    """Raise BadParameter for what cannot go together."""
    if no_model and dimension is None:
        raise typer.BadParameter("needs --dimension", param_hint="--no-model")
    if model is not None and no_model:
        raise typer.BadParameter("give one of them", param_hint="--model, --no-model")
