"""`gpu-embedding index search`."""

import math
from typing import Annotated

import typer

from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.indexes import SearchRequest
from embedding_service.cli.index.options import (
    ApiKey,
    AsJson,
    Condition,
    Name,
    Url,
    parse_condition,
)
from embedding_service.cli.index.printing import print_json, print_table


def search(  # noqa: PLR0913, PLR0917  a command's options are its arguments
    name: Name,
    queries: Annotated[list[str], typer.Argument(metavar="QUERY...", help="What to look for.")],
    top_k: Annotated[int, typer.Option(min=1, help="Most results of a query.")] = 10,
    threshold: Annotated[
        float | None, typer.Option(help="Least score; for the metric l2, greatest distance.")
    ] = None,
    condition: Condition = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare with every document, whatever it takes.")
    ] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Show the documents nearest to each query, best first."""
    if threshold is not None and not math.isfinite(threshold):
        raise typer.BadParameter("is no finite number", param_hint="--threshold")
    request = SearchRequest(
        query_texts=queries,
        top_k=top_k,
        threshold=threshold,
        filter=parse_condition(condition),
        exact=exact,
    )
    found = ask(Place(url, api_key), lambda indexes: indexes.search(name, request))
    if as_json:
        print_json({"searches": found})
        return
    for query, answer in zip(queries, found, strict=True):
        rows = [(f"{hit['score']:.4f}", hit["id"], hit["text"] or "") for hit in answer["results"]]
        print_table(("Score", "Id", "Text"), rows, title=query if len(queries) > 1 else None)
