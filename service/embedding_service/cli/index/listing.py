"""`gpu-embedding index list` and `show`."""

from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.options import ApiKey, AsJson, Name, Url
from embedding_service.cli.index.printing import print_facts, print_json, print_table


def list_indexes(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show all indexes."""
    found = ask(Place(url, api_key), lambda indexes: indexes.all())
    if as_json:
        print_json({"indexes": found})
        return
    print_table(
        ("Name", "Documents", "Dimension", "Metric", "Size", "Aliases", "Model"),
        [
            (
                facts["name"],
                f"{facts['documents']:,}",
                str(facts["dimension"]),
                facts["metric"],
                _size(facts["size_bytes"]),
                ", ".join(facts["aliases"]),
                facts["model"] or "none",
            )
            for facts in found
        ],
    )


def show(name: Name, url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Show one index."""
    facts = ask(Place(url, api_key), lambda indexes: indexes.describe(name))
    if as_json:
        print_json(facts)
        return
    fields = ", ".join(f"{name}:{kind}" for name, kind in facts["fields"].items())
    print_facts(
        [
            ("Name", facts["name"]),
            ("Aliases", ", ".join(facts["aliases"]) or "none"),
            ("Documents", f"{facts['documents']:,}"),
            ("Dimension", str(facts["dimension"])),
            ("Metric", facts["metric"]),
            ("Engine", facts["engine"]),
            ("Fields", fields or "none"),
            ("Model", facts["model"] or "none: takes vectors only"),
            ("Fingerprint", facts["fingerprint"] or "none"),
            ("Size", _size(facts["size_bytes"])),
            ("In memory", _size(facts["memory_bytes"])),
            ("Version", f"{facts['version']:,}"),
            ("Not applied yet", f"{facts['lag']:,}"),
            ("Not built yet", f"{facts['unbuilt']:,}"),
            ("Created", facts["created_at"]),
        ]
    )


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
