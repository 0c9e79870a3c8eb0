"""`gpu-embedding index`: make, fill, search and move indexes, on a server or in this process."""

import typer

from embedding_service.cli.index import (
    add,
    alias,
    create,
    delete,
    export,
    import_file,
    listing,
    search,
    snapshots,
    sweep,
)


def build_app() -> typer.Typer:
    """The commands of this group."""
    app = typer.Typer(
        help="Make, fill, search and move indexes: on the server at --url, else those of this "
        "machine, where DATA_DIR or DATABASE_URL says.",
        no_args_is_help=True,
    )
    app.command()(create.create)
    app.command("list")(listing.list_indexes)
    app.command()(listing.show)
    app.command()(add.add)
    app.command()(search.search)
    app.command()(delete.delete)
    app.command("import")(import_file.import_file)
    app.command()(export.export)
    app.command()(alias.alias)
    app.command()(snapshots.snapshot)
    app.command()(snapshots.restore)
    app.command()(snapshots.check)
    app.command()(sweep.sweep)
    return app
