"""`gpu-embedding index create`."""

import typer

from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.options import (
    ApiKey,
    AsJson,
    Dimension,
    EfConstruction,
    EngineOption,
    ExactRows,
    Fields,
    M,
    MetricOption,
    Model,
    Name,
    NList,
    NoModel,
    Recall,
    Url,
    check_model,
    parse_fields,
    parse_tuning,
)
from embedding_service.cli.index.printing import print_json
from embedding_service.indexes.definition import Engine, Metric
from embedding_service.retrieval.requests import NewIndex


def create(  # noqa: PLR0913, PLR0917  a command's options are its arguments
    name: Name,
    model: Model = None,
    no_model: NoModel = False,
    dimension: Dimension = None,
    metric: MetricOption = Metric.COSINE,
    engine: EngineOption = Engine.AUTO,
    exact_rows: ExactRows = None,
    recall: Recall = None,
    m: M = None,
    ef_construction: EfConstruction = None,
    nlist: NList = None,
    field: Fields = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make an index; its name alone is enough."""
    check_model(model, dimension, no_model=no_model)
    new = NewIndex(
        name=name,
        model=model,
        has_model=not no_model,
        dimension=dimension,
        metric=metric,
        engine=engine,
        tuning=parse_tuning(
            engine,
            exact_rows=exact_rows,
            recall=recall,
            m=m,
            ef_construction=ef_construction,
            nlist=nlist,
        ),
        fields=parse_fields(field),
    )
    facts = ask(Place(url, api_key), lambda indexes: indexes.create(new))
    if as_json:
        print_json(facts)
        return
    of = f"model {facts['model']}" if facts["model"] else "no model"
    typer.echo(f"{facts['name']}: {facts['dimension']} dimensions, {facts['metric']}, {of}")
